"""Values that are set while the program runs: by this process, or shared through the state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from pake_tui.clock import SECOND
from pake_tui.engine.settings.schema import SECTIONS, options_of
from pake_tui.engine.settings.values import Refused, from_value, nearest
from pake_tui.model.setting import Problem


class RuntimeEntry(Protocol):
    """A runtime value as the state keeps it; the store's own row is one."""

    @property
    def section(self) -> str:
        """`monitoring`."""

    @property
    def name(self) -> str:
        """`cpu_threshold_percent`."""

    @property
    def value(self) -> object:
        """As JSON holds it."""

    @property
    def actor(self) -> str:
        """Who set it."""

    @property
    def at_ns(self) -> int:
        """When, UTC nanoseconds."""


class RuntimeValue(Struct, frozen=True):
    """A value set while the program runs. `own`: by this process; else it came from the shared state."""

    value: Any
    actor: str
    at_ns: int
    own: bool = True

    @property
    def place(self) -> str:
        """`ada 14:03`, in local time."""
        return f"{self.actor} {datetime.fromtimestamp(self.at_ns // SECOND).astimezone():%H:%M}"


def read_runtime(
    section: str, values: Mapping[str, object], source: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Judge runtime values of a section: (valid ones by path, problems)."""
    known = options_of(section)
    good: dict[str, Any] = {}
    problems = []
    if not known:
        wanted = f"one of {', '.join(SECTIONS)}"
        return {}, [Problem(source, None, section, "is no section that can be changed at run time", wanted)]
    for name, value in values.items():
        option = known.get(name)
        if option is None:
            near = nearest(name, list(known))
            wanted = f"did you mean {near}?" if near else f"one of {', '.join(known)}"
            problems.append(Problem(source, None, f"{section}.{name}", "is unknown", wanted))
            continue
        try:
            good[option.path] = from_value(option, value)
        except Refused as error:
            problems.append(Problem(source, None, option.path, error.message, error.accepted))
    return good, problems
