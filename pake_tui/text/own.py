"""Secrets of the user's own: further names of fields, and patterns of what is masked wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from msgspec import Struct

from pake_tui.text._keys import NOISE, Kind, is_flow_id, kind_of, words_of
from pake_tui.text._values import MASK
from pake_tui.text.safe import bare

WINDOW = 2_048


class Own(Struct, frozen=True, dict=True):
    """Names of fields whose values are secret, and sources of patterns; of one with groups those are."""

    keys: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    @cached_property
    def _joined(self) -> frozenset[str]:
        """The words of each name, written as one."""
        return frozenset("".join(words_of(key)) for key in self.keys) - {""}

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        """What stands in each text that has one of the names, however its words are parted."""
        return tuple(dict.fromkeys(words_of(key)[0][:2] for key in self.keys if words_of(key)))

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, self.patterns))

    def stems_in(self, text: str) -> tuple[str, ...]:
        """The beginnings of names that stand in a text."""
        low = text.lower()
        return tuple(stem for stem in self._stems if stem in low)

    def kind_of(self, name: str) -> Kind:
        """As `_keys.kind_of`; a name that ends with one of the user's is a secret whatever it looks like."""
        return Kind.PASSWORD if _ends_with(name, self._joined) else kind_of(name)

    def field_kind(self, name: str) -> Kind:
        """As `kind_of`, for the name of a field: those of correlation IDs hold nothing secret."""
        return Kind.NONE if is_flow_id(name) else self.kind_of(name)

    def hide(self, text: str) -> str:
        """The text with what the patterns find masked; `text` itself where they find nothing."""
        for pattern in self._compiled:
            text = _without(pattern, text)
        return text


NOTHING = Own()


@lru_cache(maxsize=16)
def own_of(keys: tuple[str, ...], patterns: tuple[str, ...]) -> Own:
    """What the configuration's lists say, `NOTHING` where they are empty."""
    return Own(keys, patterns) if keys or patterns else NOTHING


def unfit(key: str) -> str:
    """Why a name cannot be a secret's; empty where it can."""
    if not words_of(key):
        return "has no letter"
    return "names a correlation ID, which is never masked" if is_flow_id(key) else ""


@lru_cache(maxsize=8192)
def _ends_with(name: str, joined: frozenset[str]) -> bool:
    """Whether a name's last words, with or without the noise behind them, are one of the joined names."""
    words = [] if is_flow_id(name) else words_of(bare(name)[-80:])
    while words:
        if any("".join(words[at:]) in joined for at in range(len(words))):
            return True
        if words.pop() not in NOISE:
            break
    return False


def _without(pattern: re.Pattern[str], text: str) -> str:
    """The text with masks in place of a pattern's groups, of all that it matches where it has none."""
    pieces: list[str] = []
    done = 0
    for found in _matches(pattern, text):
        groups = [found.span(number) for number in range(1, pattern.groups + 1) if found[number]]
        for start, end in sorted(groups) or [found.span()]:
            # A group inside a group is hidden with it; what is masked already stays as it is.
            if start >= done and text[start:end].strip("*"):
                pieces += [text[done:start], MASK]
                done = end
    return "".join((*pieces, text[done:])) if pieces else text


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches in a text, none of them empty; those are found whose first half `WINDOW` tells of them.

    A pattern's time may grow with the square of a text's length, so it is shown a window at a time.
    """
    at = 0
    while at < len(text):
        end = min(at + WINDOW, len(text))
        found = pattern.search(text, at, end)
        if found is None:
            at = end if end == len(text) else at + WINDOW // 2
            continue
        start = found.start()
        if found.end() == end < len(text):
            found = pattern.match(text, start)
        if found is not None and found.end() > start:
            yield found
            at = found.end()
        else:
            at = start + 1
