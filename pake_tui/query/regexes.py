"""Regular expressions that people type: compiled, or refused where they could backtrack without bound.

The check reads the structure of a pattern. It refuses a repeat whose rounds can share characters in more than
one way (`(a+)+`, `(a|ab?)*`) and long chains of overlapping repeats (`.*.*.*.*.*`). It may refuse a harmless
one; what it lets through needs at most polynomial time.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache, reduce
from operator import or_

from msgspec import Struct

MOST_CHARACTERS = 1_000
MANY = 4
"""A repeat that may go round this often counts as unbounded."""
MOST_CHAINED = 4
_SAMPLES = "".join(map(chr, range(256))) + "Ωж文€\u2028"
_ALL = (1 << len(_SAMPLES)) - 1
_PLAIN = re.compile(r"[A-Za-z0-9_]")
_POSSESSIVE, _VERBOSE = re.compile(r"[*+?}]\+"), re.compile(r"\(\?[aiLmsu]*x")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")


class RegexError(ValueError):
    """Why a pattern is refused, and at which of its characters."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, smart-case: capitals outside escapes make case count. RegexError."""
    if len(pattern) > MOST_CHARACTERS:
        raise RegexError(f"the pattern is longer than {MOST_CHARACTERS} characters", MOST_CHARACTERS)
    capitals = any(c.isupper() for c in re.sub(r"\\.|\(\?P?[<=A-Za-z-]+", "", pattern, flags=re.DOTALL))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = re.compile(pattern, 0 if capitals else re.IGNORECASE)
    except re.error as error:
        raise RegexError(error.msg, error.pos or 0) from None
    except (RecursionError, OverflowError):
        raise RegexError("the pattern is nested too deeply", 0) from None
    _judge(_Reader(pattern).choice(), repeated=None)
    return found


def settled(pattern: str) -> None:
    """RegexError where a pattern is refused, may match nothing, or takes longer at one place of a text than
    that is long: for patterns that every text is searched for, whoever wrote it.
    """
    compiled(pattern)
    whole = _Reader(pattern).choice()
    if whole.empty:
        raise RegexError("it can match nothing at all", 0)
    _judge_places(whole)


def literals(pattern: str) -> list[list[str]]:
    """Runs of ASCII letters, digits and `_` that stand in whatever each alternative of a pattern matches.

    The pattern was compiled before.
    """
    if _POSSESSIVE.search(pattern) or _VERBOSE.search(pattern):
        return [[]]
    whole = _Reader(pattern).choice()
    found: list[list[str]] = []
    for branch in whole.parts if whole.kind == "choice" else (whole,):
        runs = [""]
        _gather(branch, pattern, runs)
        found.append([run for run in runs if run])
    return found


def _gather(part: _Part, pattern: str, runs: list[str]) -> None:
    """Add what a part surely holds to the last run, or begin another one."""
    if part.kind == "sequence":
        for one in part.parts:
            _gather(one, pattern, runs)
    elif part.kind == "atom" and _PLAIN.fullmatch(pattern[part.at]):
        runs[-1] += pattern[part.at]
    else:
        runs.append("")
        if part.kind == "repeat" and part.low:
            _gather(part.parts[0], pattern, runs)
            runs.append("")


class _Part(Struct, frozen=True):
    """A part of a pattern: an atom (mask alone), a sequence, alternatives, or a repeat of one part.

    `mask` has a bit for each sample character that can occur in it.
    """

    kind: str
    mask: int
    at: int = 0
    parts: tuple[_Part, ...] = ()
    low: int = 1
    high: float = 1

    @property
    def flexible(self) -> bool:
        """A repeat whose number of rounds is not fixed."""
        return self.kind == "repeat" and self.low != self.high

    @property
    def bends(self) -> bool:
        """Whether it, or a part of it, has a number of rounds that is not fixed."""
        return self.flexible or any(one.bends for one in self.parts)

    @property
    def empty(self) -> bool:
        """Whether it can match nothing at all."""
        if self.kind == "repeat":
            return self.low == 0 or self.parts[0].empty
        if self.kind == "choice":
            return any(one.empty for one in self.parts)
        return self.kind == "sequence" and all(one.empty for one in self.parts)

    @property
    def endless(self) -> bool:
        """A repeat that may go round many times."""
        return self.kind == "repeat" and self.high >= MANY


class _Reader:
    """Reads the structure of a pattern that `re` has accepted."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def choice(self) -> _Part:
        start, branches = self.at, [self._sequence()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        return _Part("choice", reduce(or_, (one.mask for one in branches)), start, tuple(branches))

    def _sequence(self) -> _Part:
        start, parts = self.at, []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._repeats(self._atom()))
        return _Part("sequence", reduce(or_, (one.mask for one in parts), 0), start, tuple(parts))

    def _repeats(self, part: _Part) -> _Part:
        while self.at < len(self.pattern):
            start, character = self.at, self.pattern[self.at]
            count = _COUNT.match(self.pattern, self.at)
            if character in "*+?":
                low, high = {"*": (0, float("inf")), "+": (1, float("inf")), "?": (0, 1)}[character]
                self.at += 1
            elif count and (count[1] or count[3]):
                low = int(count[1] or 0)
                high = float(count[3] or "inf") if count[2] else low
                self.at = count.end()
            else:
                break
            possessive = self.pattern.startswith("+", self.at)
            if self.pattern.startswith(("?", "+"), self.at):
                self.at += 1
            if not possessive:
                part = _Part("repeat", part.mask, start, (part,), low, high)
        return part

    def _atom(self) -> _Part:
        start, character = self.at, self.pattern[self.at]
        if character == "(":
            return self._group()
        if character in "^$":
            self.at += 1
            return _Part("sequence", 0, start)
        if character == "[":
            self.at += 2 if self.pattern.startswith("[^", self.at) else 1
            self.at += 1 if self.pattern.startswith("]", self.at) else 0
            while self.pattern[self.at] != "]":
                self.at += 2 if self.pattern[self.at] == "\\" else 1
            self.at += 1
        elif character == "\\":
            self.at += 2
            if self.pattern[start + 1] in "bBAZ":
                return _Part("sequence", 0, start)
            if self.pattern[start + 1].isdigit() and self.pattern[start + 1] != "0":
                return _Part("atom", _ALL, start)
            if found := re.compile(r"x..|u.{4}|U.{8}|N\{[^}]*\}|0[0-7]{0,2}").match(self.pattern, start + 1):
                self.at = found.end()
        else:
            self.at += 1
        return _Part("atom", _mask(self.pattern[start : self.at]), start)

    def _group(self) -> _Part:
        start = self.at
        lead = re.compile(r"\((?:\?(?:#[^)]*|P=\w+|P<\w+>|[=!>:]|<[=!]|\(\w+\)|[aiLmsux-]*[:)]?))?").match(
            self.pattern, self.at
        )
        assert lead is not None
        self.at = lead.end()
        if lead[0].startswith(("(?#", "(?P=")) or (lead[0].endswith(")") and not lead[0].startswith("(?(")):
            self.at += 0 if lead[0].endswith(")") else 1
            return _Part("atom", _ALL, start) if lead[0].startswith("(?P=") else _Part("sequence", 0, start)
        inner = self.choice()
        self.at += 1
        if lead[0].startswith(("(?=", "(?!", "(?<=", "(?<!")):
            _judge(inner, repeated=None)
            return _Part("sequence", 0, start)
        return inner


@lru_cache(maxsize=2_000)
def _mask(atom: str) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = re.compile(atom, re.IGNORECASE | re.DOTALL)
    return sum(1 << number for number, sample in enumerate(_SAMPLES) if one.fullmatch(sample))


def _judge(part: _Part, repeated: _Part | None, *, direct: bool = False) -> None:
    """RegexError where a pattern is ambiguous inside `repeated`, the endless repeat around this part.

    `direct` says that this part is one whole round of it.
    """
    if part.kind == "sequence":
        _judge_chain(part)
        if repeated is not None:
            _judge_once(part, repeated)
            if direct:
                _judge_rounds(part, repeated)
    elif part.kind == "choice" and repeated is not None:
        for number, one in enumerate(part.parts):
            if any(_overlap(one, other) for other in part.parts[:number]):
                raise RegexError("alternatives inside a repeat can match the same text", repeated.at)
    elif part.endless and part.parts[0].empty:
        raise RegexError("what is repeated can be empty", part.at)
    inside = part if part.endless else repeated
    for one in part.parts:
        _judge(one, inside, direct=part.endless or (direct and part.kind == "choice"))


def _judge_once(body: _Part, repeated: _Part) -> None:
    """Within one round: two flexible parts that can meet must not share characters."""
    met = 0
    for one in _flat(body):
        if one.bends:
            if one.mask & met:
                raise RegexError("repeats inside a repeat can match the same text", repeated.at)
            met = one.mask if one.low else met | one.mask
        elif not one.mask & met and one.kind != "sequence":
            met = 0


def _judge_rounds(body: _Part, repeated: _Part) -> None:
    """From round to round: something that no flexible part can match must tell where one ends."""
    flat = _flat(body)
    shared = reduce(or_, (one.mask for one in flat if one.bends), 0)
    if shared and not any(one.kind == "atom" and not one.mask & shared for one in flat):
        raise RegexError("a repeat inside a repeat can backtrack without bound", repeated.at)


def _judge_chain(sequence: _Part) -> None:
    """Repeats in a row that can match the same text cost a power of its length each."""
    chained, mask = 0, 0
    for one in _flat(sequence):
        if one.endless:
            chained = chained + 1 if one.mask & mask else 1
            mask = one.mask
            if chained > MOST_CHAINED:
                raise RegexError("too many repeats in a row can match the same text", one.at)
        elif one.kind == "atom" and not one.mask & mask:
            chained, mask = 0, 0


def _judge_places(part: _Part) -> None:
    """Each repeat without a bound that can meet another one multiplies what one place costs."""
    met = 0
    for one in _flat(part):
        if one.kind == "repeat" and one.high == float("inf"):
            if one.mask & met:
                raise RegexError("two repeats without a bound can match the same text", one.at)
            met = one.mask
        elif one.kind == "atom" and not one.mask & met:
            met = 0
    for one in part.parts:
        _judge_places(one)


def _flat(part: _Part) -> list[_Part]:
    """The parts of a sequence, inner sequences in place; a fixed repeat of an atom is that atom."""
    if part.kind == "sequence":
        return [inner for one in part.parts for inner in _flat(one)]
    if part.kind == "repeat" and not part.flexible and part.low and part.parts[0].kind == "atom":
        return [part.parts[0]]
    return [part]


def _overlap(one: _Part, other: _Part) -> bool:
    """Whether two alternatives can begin alike and never be told apart by plain characters."""
    left, right = _flat(one), _flat(other)
    for a, b in zip(left, right, strict=False):
        if a.kind != "atom" or b.kind != "atom":
            return bool(_first(left) & _first(right))
        if not a.mask & b.mask:
            return False
    return True


def _first(parts: list[_Part]) -> int:
    """What the parts can begin with."""
    mask = 0
    for one in parts:
        mask |= one.mask
        if one.kind == "atom" or (one.kind == "repeat" and one.low):
            break
    return mask
