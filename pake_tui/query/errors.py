"""A query that is wrong, answered at the character where it goes wrong."""

from __future__ import annotations

from pake_tui.errors import PakeError


class QueryError(PakeError):
    """`position` is a 0-based character of the query's text, `expected` what would have been right there."""

    def __init__(self, message: str, position: int, expected: str = "") -> None:
        super().__init__(message, hint=f"expected {expected}" if expected else "")
        self.position = position
        self.expected = expected

    def __reduce__(self) -> tuple[type[QueryError], tuple[str, int, str]]:
        return QueryError, (self.message, self.position, self.expected)
