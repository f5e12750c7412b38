"""Level words and numbers of many loggers become one of five levels."""

from __future__ import annotations

import re
from enum import Enum

from pake_tui.model.record import Level

_D, _I, _W, _E, _C = Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL


def _each(words: str, level: Level) -> dict[str, Level]:
    return dict.fromkeys(words.split(), level)


_WORDS: dict[str, Level] = {
    **_each(
        "trace debug verbose fine finer finest config silly spam trc trac trce dbg dbug debu ddebug subdebug "
        "verb vrb all detail diagnostic diag debug1 debug2 debug3 debug4 debug5 d1 d2 d3 d4 d5 "
        "trace1 trace2 trace3 trace4 trace5 trace6 trace7 trace8",
        _D,
    ),
    **_each(
        "info information informational inf notice note log success ok default statement system "
        "normal http audit hint noti begin",
        _I,
    ),
    **_each("warn warning wrn warning! warni caution", _W),
    **_each("error err eror erro severe failure fail failed exception stderr", _E),
    **_each(
        "critical crit crt fatal fata ftl panic pani pnc emerg emergency alert assert dpanic disaster", _C
    ),
}
_LETTERS = {
    "T": _D, "D": _D, "V": _D, "I": _I, "N": _I, "W": _W, "E": _E, "C": _C, "F": _C, "A": _C, "P": _C,
}  # fmt: skip


_SLOG = re.compile(r"([A-Z]{4,5})[+-]\d{1,2}")
"""How Go's slog writes what lies between levels: `ERROR+2`."""


class Scale(Enum):
    """Which numbers a logger uses for levels."""

    GUESS = "guess"
    TENS_FROM_TRACE = "10 trace … 60 fatal (bunyan, pino)"
    TENS_FROM_DEBUG = "10 debug … 50 critical (Python)"
    SYSLOG = "0 emergency … 7 debug"
    RISING = "0 debug … 4 fatal"
    OTEL = "1 trace … 24 fatal"


def of_word(word: str) -> Level | None:
    """The level a word names, whatever its case; one letter must be a capital. None for other words."""
    if len(word) == 1:
        return _LETTERS.get(word)
    return _WORDS.get(word.lower())


def of_number(number: float, scale: Scale = Scale.GUESS) -> Level | None:
    """The level of a number; a guess reads 8 and more as tens from trace, 0 to 7 as syslog."""
    if number != number or number < 0:
        return None
    if scale is Scale.GUESS:
        scale = Scale.SYSLOG if number < 8 else Scale.TENS_FROM_TRACE
    if scale is Scale.SYSLOG:
        return _C if number < 3 else _E if number < 4 else _W if number < 5 else _I if number < 7 else _D
    if scale is Scale.RISING:
        return (_D, _I, _W, _E, _C)[min(int(number), 4)]
    if scale is Scale.OTEL:
        return _D if number < 9 else _I if number < 13 else _W if number < 17 else _E if number < 21 else _C
    if scale is Scale.TENS_FROM_DEBUG:
        return _D if number < 20 else _I if number < 30 else _W if number < 40 else _E if number < 50 else _C
    if number >= 100:
        return None
    return _D if number < 30 else _I if number < 40 else _W if number < 50 else _E if number < 60 else _C


def parse_level(value: object, scale: Scale = Scale.GUESS) -> Level | None:
    """The level of a word or number as a logger wrote it, None where it names none."""
    if isinstance(value, Level):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return of_number(float(value), scale)
    if not isinstance(value, str) or len(value) > 32:
        return None
    word = value.strip().strip("[]<>():*,")
    if between := _SLOG.fullmatch(word):
        word = between[1]
    if found := of_word(word):
        return found
    if word.isascii() and word.isdigit():
        return of_number(float(word), scale)
    return (
        of_word(word.partition(".")[0])
        or of_word(word.rpartition("_")[2])
        or of_word(word.rpartition(".")[2])
    )
