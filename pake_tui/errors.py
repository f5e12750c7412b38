"""The few errors that leave a room; each says what was tried, on what, and what to do."""

from __future__ import annotations


class PakeError(Exception):
    """What went wrong, in a sentence, and the way out.

    Library exceptions (`OSError`, `sqlite3.Error`, ...) become one of these exactly once, at the edge.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(PakeError):
    """A configuration that was refused; `problems` lists each with file, line and what would be accepted."""

    def __init__(self, message: str, *, hint: str = "", problems: tuple[object, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class StoreError(PakeError):
    """A database that could not be opened, read or written."""


class ReadOnlyError(PakeError):
    """An action was asked of a console or a state folder that only reads."""


class NotFoundError(PakeError):
    """No alert, file, setting or check goes by that name."""


class ConflictError(PakeError):
    """Somebody else was first; the message says who and when."""


class LogError(PakeError):
    """A log file that could not be read."""


class Cancelled(PakeError):
    """A long piece of work was stopped by its caller's cancel flag."""
