"""Single lines of text, looked at without parsing them: `time LEVEL …` headers, and `key=value` pairs.

A line is vouched for only where the answer is sure to be the parser's. So each pattern here is narrower than
what the parser understands: a time in ISO's spelling at the line's start, with a level in capitals right
behind it or behind bracketed names; or pairs and nothing else. IDs may be too many (all that stand in
brackets anywhere), since whoever looks one up reads the record. What is not vouched for is left to the
parser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from pake_tui.engine.logfiles.index.hashing import hash_of
from pake_tui.engine.logfiles.index.jsonview import QUOTE, RETURN
from pake_tui.records import headerpatterns as patterns
from pake_tui.records import logfmt
from pake_tui.records.aliases import id_of, is_alias
from pake_tui.records.levels import of_word, parse_level

FIELDS = ("thread", "pid", "tid", "client", "context", "source", "caller")
"""What the parser calls a header's parts; where one of these is an alias, only the parser knows."""
ZERO, NINE, AT, BRACKET = b"09@["
MOST_KNOWN = 100_000
"""Words, orders of keys and IDs that are remembered."""
_TIME = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,8})?(?:Z|[+-]\d\d:?\d\d)?"
_LEVEL = rb"([A-Z]{3,11}\d?)"
_GAP = rb"(?: {1,8}| - | ?\| ?)"
_NAME = rb"\[(?!\d{1,3}(?:\.\d{1,3}){3})[A-Za-z0-9_#/][A-Za-z0-9_.#/\-]{0,80}\]"
_SYSLOG = rb"(?! [A-Za-z0-9_\[]\S{0,254} [^\s\[\]:]{1,64}(?:\[[^\]\s]{1,32}\])?(?: \([^)]*\))?:)"
BALANCER = rb"(?! {1,8}[0-9.a-f:]{3,45}:\d)"
_HEADED = re.compile(
    rb"(?:" + _TIME + rb" {1,8}" + _LEVEL + rb"(?=[ \t])" + BALANCER
    + rb"|" + _TIME + rb" - ([a-z_][A-Za-z0-9_.]{1,80}) - " + _LEVEL + rb"(?=[ :])"
    + rb"|\[" + _TIME + rb"\]" + _GAP + rb"(?:[A-Za-z0-9_\-]{1,64}\.)?" + _LEVEL + rb"(?=[ :])"
    + rb"|\[" + _TIME + rb"[ ,:]{1,4}" + _LEVEL + rb"(?:[ /][^\]\n]{0,100})?\]"
    + rb"|" + _TIME + _SYSLOG + rb"((?:" + _GAP + _NAME + rb"){0,3})" + _GAP
    + rb"(?:\[ {0,4}" + _LEVEL + rb" {0,8}\](?= )|" + _LEVEL + rb"(?=[ \t:]))" + BALANCER
    + rb")" + 3 * rb"(?:[ \t]{0,8}(\[[^\[\]\n]{0,200}\]))?" + rb"[^\[({<\n]*"
)  # fmt: skip
"""What stands before the level (groups 2 and 6), the level (1, 3, 4, 5, 7 or 8), then brackets behind it."""
_BRACKETED_LEVEL = re.compile(patterns.BRACKETED_LEVEL.pattern.encode())
_IDS = (
    re.compile(rb"(" + patterns.REQUEST_ID.pattern.encode() + rb")"),
    re.compile(patterns.KEYED_ID.pattern.replace("(?ai)", "(?i)").encode()),
    re.compile(
        rb"[\[(<{][^A-Za-z0-9\n]{0,16}(" + patterns.BARE_ID.pattern.replace("(?ai:", "(?i:").encode()
        + rb")[^A-Za-z0-9\n]{0,16}[\])>}]"
    ),
    re.compile(rb"[\[(<{,]([0-9a-f]{32}|[0-9a-f]{16})(?=[,/\-][0-9a-f]{16}[\])>},])"),
)  # fmt: skip
_STAMP = re.compile(rb'"' + _TIME + rb'"|' + _TIME)
_VALUE = rb'"[^"\\\n]*"|[!#-~]*+'
_KEY = rb"[A-Za-z_@][A-Za-z0-9_.@/\-]{0,63}"
NAME = re.compile(_KEY)
_PAIR = re.compile(rb"(" + _KEY + rb")=(" + _VALUE + rb")")
_PAIRS = re.compile(rb"(?:" + _KEY + rb"=(?:" + _VALUE + rb")(?: (?=[A-Za-z_@])|(?=\r?\Z)))++\r?")


K = TypeVar("K")
V = TypeVar("V")


class Plan(Struct, frozen=True):
    """Which of a line's pairs hold its time, its level (-1: none) and its IDs."""

    time: int
    level: int
    ids: tuple[int, ...]


class Found(Struct):
    """What the lines of a piece say: their numbers, where their times begin, levels; and IDs by line."""

    rows: list[int]
    times: list[int]
    levels: list[int]
    id_rows: list[int]
    ids: list[int]


class TextLines:
    """Reads lines of one file one by one, and remembers words."""

    def __init__(self, aliases: Sequence[str]) -> None:
        self._aliases = tuple(aliases)
        self.headed = not any(is_alias(name, aliases) for name in FIELDS)
        self._words: dict[bytes, int] = {}
        self._names: dict[bytes, bool] = {}
        self._values: dict[bytes, int] = {}
        self._hashes: dict[bytes, int] = {}
        self._brackets: dict[bytes, tuple[int, ...]] = {}
        self._plans: dict[tuple[bytes, ...], Plan | None] = {}

    def read(self, data: bytes, row: int, start: int, end: int, found: Found, *, named: bool) -> None:
        """What a line says, if that is sure; `named`: it holds `id=` or `id:` somewhere."""
        sign = data[start]
        if ZERO <= sign <= NINE or sign == BRACKET:
            if self.headed:
                self._header(data, row, start, end, found, named=named)
        elif sign >= AT and data.find(b"audit(", start, end) < 0:
            self._pairs(data, row, start, end, found)

    def _header(self, data: bytes, row: int, start: int, end: int, found: Found, *, named: bool) -> None:
        match = _HEADED.match(data, start)
        if match is None:
            return
        plain, name, dashed, bracketed, inside, names, boxed, other, *brackets = match.groups()
        word = plain or dashed or bracketed or inside or boxed or other
        level = self._words.get(word)
        if level is None:
            level = self.word(word)
        if level < 0 or (names and _BRACKETED_LEVEL.search(names)) or (name and self._is_level(name)):
            return
        last = match.end()
        parts = (names, *brackets)
        if named or (last != end and (last != end - 1 or data[last] != RETURN)):
            parts = (data[start:end],)
        for part in parts:
            if part:
                for identifier in self.bracketed(part):
                    found.id_rows.append(row)
                    found.ids.append(identifier)
        found.rows.append(row)
        found.times.append(start + (data[start] == BRACKET))
        found.levels.append(level)

    def bracketed(self, text: bytes) -> tuple[int, ...]:
        """All that the parser may take for an ID in a header's brackets."""
        known = self._brackets.get(text)
        if known is None:
            ids = (self._hash(match[1]) for pattern in _IDS for match in pattern.finditer(text))
            known = _keep(self._brackets, text, tuple(one for one in ids if one >= 0))
        return known

    def _pairs(self, data: bytes, row: int, start: int, end: int, found: Found) -> None:
        line = data[start:end]
        if _PAIRS.fullmatch(line) is None:
            return
        names, values = zip(*_PAIR.findall(line), strict=True)
        plan = self._plans[names] if names in self._plans else self.planned(names)
        if plan is None:
            return
        level = 0
        if plan.level >= 0:
            value = values[plan.level]
            known = self._values.get(value)
            level = self.level(value) if known is None else known
        if level < 0 or _STAMP.fullmatch(values[plan.time]) is None:
            return
        at = start + len(names[plan.time]) + 1
        for n in range(plan.time):
            at += len(names[n]) + len(values[n]) + 2
        for n in plan.ids:
            if (identifier := self._hash(bare(values[n]))) >= 0:
                found.id_rows.append(row)
                found.ids.append(identifier)
        found.rows.append(row)
        found.times.append(at + (data[at] == QUOTE))
        found.levels.append(level)

    def _hash(self, text: bytes) -> int:
        """The hash of an ID; -1 for a placeholder."""
        known = self._hashes.get(text)
        if known is None:
            identifier = id_of(text.decode(errors="replace"))
            known = _keep(self._hashes, text, -1 if identifier is None else hash_of(identifier))
        return known

    def word(self, word: bytes) -> int:
        """The column of a header's level; -1 where the parser does not take the word for one."""
        text = word.decode()
        level = of_word(text) if patterns.CAPS.fullmatch(text) else None
        return _keep(self._words, word, -1 if level is None else level // 10)

    def _is_level(self, name: bytes) -> bool:
        """Whether the parser takes a logger's name, or the last part of it, for a level."""
        known = self._names.get(name)
        if known is None:
            last = name.decode().rpartition(".")[2]
            known = _keep(self._names, name, patterns.ANY.fullmatch(last) is not None)
        return known

    def level(self, value: bytes) -> int:
        """The column of a pair's level; -1 where it is empty, so that another pair may hold it."""
        text = bare(value).decode(errors="replace")
        level = parse_level(text)
        return _keep(self._values, value, -1 if not text else 0 if level is None else level // 10)

    def planned(self, names: tuple[bytes, ...]) -> Plan | None:
        """How to read lines with these keys; None where only the parser knows."""
        return _keep(self._plans, names, self._plan([one.decode() for one in names]))

    def _plan(self, names: list[str]) -> Plan | None:
        if len(names) < 3 or len(set(names)) < len(names) or {"date", "time"} <= set(names):
            return None
        time = next((name for name in logfmt.TIME if name in names), None)
        level = next((name for name in logfmt.LEVEL if name in names), None)
        ids = tuple(n for n, name in enumerate(names) if is_alias(name, self._aliases))
        special = (*logfmt.TIME, *logfmt.LEVEL, *logfmt.MESSAGE)
        if time is None or any(names[n] in special for n in ids):
            return None
        return Plan(names.index(time), -1 if level is None else names.index(level), ids)


def bare(value: bytes) -> bytes:
    """A value without its quotes."""
    return value[1:-1] if value[:1] == b'"' else value


def _keep(known: dict[K, V], key: K, value: V) -> V:
    """Remember a value, unless there are too many; the value."""
    if len(known) >= MOST_KNOWN:
        known.clear()
    known[key] = value
    return value
