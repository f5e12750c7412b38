"""The settings of this process, live: the file is watched, edits are judged, one frozen `Settings` is swapped.

(signatures first; being filled in)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pake_tui.engine.settings.schema import Settings
from pake_tui.model.setting import ConfigView, EditPreview, Problem, Provenance

Validator = Callable[[object], Sequence[tuple[str, str, str]]]
"""Judges a section's raw value: (relative path like `0.threshold`, message, what would be accepted) each."""


class RuntimeEntry(Protocol):
    """A runtime value as the state keeps it (the store's RuntimeValue is one)."""

    @property
    def section(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def actor(self) -> str: ...
    @property
    def at_ns(self) -> int: ...


class LiveSettings:
    """Settings with layers: defaults < file < environment < runtime. Safe for threads."""

    path: Path | None

    def __init__(
        self, path: Path | None, *, use_env: bool, validators: Mapping[str, Validator] | None = None
    ) -> None:
        """Load. ConfigError with its problems if the first load is broken, or the file is missing.

        `path` None: no file; one that appears at `paths.default_config()` is adopted.
        """
        raise NotImplementedError

    @property
    def current(self) -> Settings:
        """The settings in force."""
        raise NotImplementedError

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps a newer edit of the file out of force; empty where nothing does."""
        raise NotImplementedError

    def provenance(self, path: str) -> Provenance:
        """Where a setting's value came from."""
        raise NotImplementedError

    def poll(self) -> bool:
        """Look whether the file changed, at most five times a second; True if settings or problems did."""
        raise NotImplementedError

    def check(self) -> bool:
        """As `poll`, but now."""
        raise NotImplementedError

    def reload(self) -> bool:
        """Read the file again and drop this process's own runtime values. ConfigError (old settings stay)."""
        raise NotImplementedError

    def subscribe(self, told: Callable[[frozenset[str]], None]) -> None:
        """`told(changed paths)` is called after each swap, on the thread that noticed it."""
        raise NotImplementedError

    def on_dropped(self, told: Callable[[Sequence[tuple[str, str]]], None]) -> None:
        """`told([(section, name), ...])`: an edit of the file took these runtime values out of force."""
        raise NotImplementedError

    def update(self, section: str, *, actor: str = "", **values: object) -> None:
        """Set runtime values of `logging`, `monitoring`, ... ConfigError names what would be accepted."""
        raise NotImplementedError

    def share_runtime(self, entries: Iterable[RuntimeEntry]) -> tuple[Problem, ...]:
        """Obey the runtime values that the state holds (the whole list); those that are wrong are told."""
        raise NotImplementedError

    def drop_runtime(self, actor: str | None = None) -> None:
        """Forget runtime values, of one actor or all."""
        raise NotImplementedError

    def view(self) -> ConfigView:
        """Every setting with its value, meaning and provenance."""
        raise NotImplementedError

    def preview(self, path: str, text: str) -> EditPreview:
        """What setting `path` to the typed `text` would change in the file, or why it is refused."""
        raise NotImplementedError

    def apply(self, path: str, text: str) -> EditPreview:
        """Write it into the file (comments and order kept, atomic), and obey it. ConfigError."""
        raise NotImplementedError

    def judge(self, text: str) -> ConfigView:
        """Judge a whole file's text without applying it: its problems are in the answer."""
        raise NotImplementedError
