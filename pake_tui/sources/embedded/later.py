"""A log source that is made when it is first asked: what it imports would hold up the first screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from pake_tui.sources.protocols import LogSource


def later(make: Callable[[], LogSource]) -> LogSource:
    """What `make` returns, called once, when first something is read of it; what is set before is kept."""
    return cast(LogSource, _Later(make))


class _Later:
    def __init__(self, make: Callable[[], LogSource]) -> None:
        self.__dict__.update(_make=make, _made=None, _lock=threading.Lock())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source(), name)

    def __setattr__(self, name: str, value: object) -> None:
        made = self.__dict__["_made"]
        if made is None:
            self.__dict__[name] = value
        else:
            setattr(made, name, value)

    def _source(self) -> LogSource:
        known = self.__dict__
        with known["_lock"]:
            if known["_made"] is None:
                made = known["_make"]()
                for name in [name for name in known if not name.startswith("_")]:
                    setattr(made, name, known.pop(name))
                known["_made"] = made
            return cast(LogSource, known["_made"])
