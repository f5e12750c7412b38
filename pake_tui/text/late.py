"""Patterns that are compiled when they are first used: together they took a command a fifth of its start."""

from __future__ import annotations

import re
from typing import Any, cast


class _Late:
    """Stands for a pattern; what is asked of it once is its own from then on."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = (source, flags)

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value


def late(source: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used; a wrong one raises re.error only then."""
    return cast("re.Pattern[str]", _Late(source, flags))
