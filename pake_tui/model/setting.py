"""Settings as the config screen shows them, and problems with where they are."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Layer(Enum):
    """Where a value came from; later layers win."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    RUNTIME = "runtime"


class Provenance(Struct, frozen=True):
    """The layer a value came from and the place in it (`pake.yaml:12`, `$LOG_LEVEL`, `ada 14:03`)."""

    layer: Layer
    place: str = ""
    line: int | None = None
    overrides: str = ""
    """A lower layer's value that this one hides, in words; empty where it hides none."""


class Setting(Struct, frozen=True):
    """One setting: its dotted path, value, default, meaning, type and limits in words, and provenance."""

    path: str
    value: object
    default: object
    meaning: str
    type: str
    limits: str
    provenance: Provenance
    choices: tuple[str, ...] = ()
    env: str = ""
    editable: bool = True


class Problem(Struct, frozen=True):
    """What is wrong in a configuration: where (1-based), what, and what would be accepted."""

    file: str
    line: int | None
    path: str
    message: str
    accepted: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        name = f" {self.path}:" if self.path else ""
        more = f"; {self.accepted}" if self.accepted else ""
        return f"{where}:{name} {self.message}{more}"


class ConfigView(Struct, frozen=True):
    """Every setting, the file they are edited in, and the problems that keep a newer edit out of force."""

    settings: tuple[Setting, ...]
    file: str
    exists: bool
    problems: tuple[Problem, ...] = ()
    read_only: str = ""
    """Why nothing can be edited; empty where it can."""
    version: int = 0
    """Grows with every change of settings or problems."""


class EditPreview(Struct, frozen=True):
    """What an edit would do: the line before and after, and why it is refused (then `problem` is set)."""

    path: str
    file: str
    line: int | None
    before: str
    after: str
    problem: str = ""
