"""Cuts what a terminal sends into keys, sequences and pastes, so that no reply is ever taken for keys.

A pure state machine over characters and times (ECMA-48 sequences, xterm's ctlseqs). Terminals answer queries
on the line on which keys come, late and cut anywhere by the network; so

- strings (OSC, DCS, APC) and parameters of a CSI are waited for without end; ESC or another control character
  ends the wait, so that nobody is locked out;
- ESC waits a moment for what belongs to it; when it was given out as a key and an introducer such as `[`
  follows soon, that is taken as its late rest;
- what was given out as keys because nothing followed may still get its rest, seconds late: that is swallowed;
- what may be the rest of something cut is never `alone`, and only keys that came alone may change anything.

One byte of a reply at a time, each more than half a second after the other, is what a person types.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from msgspec import Struct

ESC = "\x1b"
ESCAPE_WAIT = 0.1
"""Seconds that ESC waits for what belongs to it."""
REST_WAIT = 1.0
"""Seconds that ESC and an introducer wait for more."""
LATE = 0.5
"""Seconds after a lone ESC in which an introducer is taken for its rest."""
PASTE_WAIT = 10.0
TAINT = 5.0
"""Seconds in which no key counts as alone after something was cut and given up; the next read never does.
So long, too, its rest is known as such."""
SEQUENCE_LIMIT = 64
PASTE_LIMIT = 1 << 20
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
_INTRODUCERS = "[O]P_"
_STRING = re.compile(r"\x1b(?:\]\d{1,4};|\][lL]|P[\d;]{0,8}[>!+$=|]|_G)")
_PERHAPS_STRING = re.compile(r"\x1b(?:\]\d{0,4}|P[\d;]{0,8}|_)")
_LATE_REST = re.compile(r"\[[?<>=\dA-DFHIMOP-SZ]|O[A-DFHP-S]|\][\dlL]|P[\d>!+$=|]|_G")
"""How a read begins that is the rest of an ESC which came long ago: an introducer and what belongs to it."""
_ASKED_FOR = re.compile(r"\x1b\[\??\d+(?:;\d+)*(?:R|\$y)")
"""Whole cursor and mode reports: those come all the time beside keys."""


class Kind(Enum):
    """What a token is: a typed character, a lone escape, a whole CSI or SS3 sequence, pasted text."""

    TEXT = auto()
    ESCAPE = auto()
    SEQUENCE = auto()
    PASTE = auto()


class Token(Struct, frozen=True):
    """One thing that came. `alone`: nothing else came in its read, and it is no rest of anything."""

    kind: Kind
    text: str
    alone: bool = False


class _State(Enum):
    GROUND = auto()
    ESCAPE = auto()  # ESC came
    INTRODUCED = auto()  # ESC, one of [ O ] P _ and what does not yet tell a string from keys
    CSI = auto()  # and parameters
    STRING = auto()
    STRING_ESCAPE = auto()  # ESC within a string: its end, if a backslash follows
    PASTE = auto()
    SKIP = auto()  # the three bytes of an old mouse report


class Guard:
    """Feed it what was read, with monotonic times; it gives tokens. `wake_in` says when to call `tick`."""

    def __init__(self, escape_wait: float = ESCAPE_WAIT) -> None:
        self._escape_wait = escape_wait
        self._state = _State.GROUND
        self._held = ""
        self._revived = False
        self._given = ""
        """What was last given out as keys for want of its rest, and until when that may come."""
        self._given_until = float("-inf")
        self._late = False
        self._skip = 0
        self._deadline: float | None = None
        self._escaped_at = float("-inf")
        self._tainted_until = float("-inf")
        self._gave_up = False
        self._tokens: list[Token] = []

    def feed(self, data: str, now: float) -> list[Token]:
        """Tokens of one read. Times must not go backwards."""
        tokens = self.tick(now)
        if not data:
            return tokens
        self._take_up(data, now)
        fresh = self._state is _State.GROUND
        at = 0
        while at < len(data):
            if self._state is _State.PASTE:
                at = self._paste(data, at)
            else:
                self._take(data[at], now)
                at += 1
        self._set_deadline(now)
        read, self._tokens = self._tokens, []
        if fresh and self._state is _State.GROUND and now >= self._tainted_until and not self._gave_up:
            _mark_alone(read, len(data))
        self._gave_up = False
        return tokens + read

    def tick(self, now: float) -> list[Token]:
        """Tokens of what has waited long enough."""
        if self._deadline is None or now < self._deadline:
            return []
        self._deadline = None
        state, held = self._state, self._held
        self._state, self._held = _State.GROUND, ""
        self._given, self._given_until = held, now + TAINT
        if state is _State.ESCAPE:
            self._escaped_at = now
            return [Token(Kind.ESCAPE, ESC, alone=now >= self._tainted_until)]
        self._tainted_until, self._gave_up = now + TAINT, True
        if state is _State.PASTE:
            return [Token(Kind.PASTE, held)] if held else []
        return self._as_keys(held[:2].rstrip("OP"))

    def wake_in(self, now: float) -> float | None:
        """Seconds until `tick` has something to do; None while nothing waits."""
        return None if self._deadline is None else max(0.0, self._deadline - now)

    def _take_up(self, data: str, now: float) -> None:
        """Wait on for what was given up if this read may be its rest."""
        given, self._given = self._given, ""
        if not given or now >= self._given_until or self._state is not _State.GROUND:
            return
        if given == ESC:
            rest, state = _LATE_REST.match(data) is not None, _State.ESCAPE
        elif given[1:2] in ("[", "O"):
            rest, state = " " < data[0] < "\x7f", _State.INTRODUCED
        else:
            known, state = given + data[0], _State.INTRODUCED
            rest = any(one.fullmatch(known) for one in (_STRING, _PERHAPS_STRING))
        if rest:
            self._begin(given, state)
            self._late = True

    def _as_keys(self, held: str, last: str = "") -> list[Token]:
        """What was held for a sequence, and what showed that it is none, as the keys that they seem to be."""
        if self._late:
            held = ""
        keys = [Token(Kind.TEXT, character) for character in held[1:] + last]
        return keys if self._revived or self._late else [Token(Kind.ESCAPE, ESC), *keys]

    def _set_deadline(self, now: float) -> None:
        wait = {
            _State.ESCAPE: self._escape_wait,
            _State.INTRODUCED: REST_WAIT,
            _State.PASTE: PASTE_WAIT,
        }.get(self._state)
        self._deadline = None if wait is None else now + wait

    def _emit(self, kind: Kind, text: str) -> None:
        self._tokens.append(Token(kind, text))

    def _begin(self, held: str, state: _State) -> None:
        self._held, self._state = held, state

    def _take(self, character: str, now: float) -> None:
        state = self._state
        if state is _State.GROUND:
            self._ground(character, now)
        elif state is _State.ESCAPE:
            self._after_escape(character, now)
        elif state is _State.INTRODUCED:
            self._introduced(character, now)
        elif state is _State.CSI:
            self._csi(character, now)
        elif state is _State.SKIP:
            self._skip -= 1
            if not self._skip:
                self._state = _State.GROUND
        elif state is _State.STRING:
            self._string(character, now)
        else:
            self._state = _State.GROUND
            if character != "\\":
                self._after_escape(character, now)

    def _ground(self, character: str, now: float) -> None:
        if character == ESC:
            self._revived = self._late = False
            self._begin(ESC, _State.ESCAPE)
        elif now - self._escaped_at < LATE and character in _INTRODUCERS:
            self._revived, self._late = True, False
            self._begin(ESC + character, _State.INTRODUCED)
        elif not "\x80" <= character <= "\x9f" and character not in "\ufffd\x00":
            self._emit(Kind.TEXT, character)
        self._escaped_at = float("-inf")

    def _after_escape(self, character: str, now: float) -> None:
        """ESC and a key are two keys; ESC twice is one and a beginning."""
        if character == ESC:
            self._emit(Kind.ESCAPE, ESC)
            self._begin(ESC, _State.ESCAPE)
        elif character in _INTRODUCERS:
            self._revived = False
            self._begin(ESC + character, _State.INTRODUCED)
        else:
            self._state = _State.GROUND
            self._emit(Kind.ESCAPE, ESC)
            self._ground(character, now)

    def _introduced(self, character: str, now: float) -> None:
        if character < " " or character == "\x7f":
            self._abandon(character, now)
        elif self._held[1] in "]P_":
            self._perhaps_string(character, now)
        elif self._held[1] == "O":
            self._state = _State.GROUND
            self._emit(Kind.SEQUENCE, self._held + character)
        elif character == "[":
            self._begin(self._held + character, _State.CSI)
        elif character == "M":
            self._state, self._skip = _State.SKIP, 3
        else:
            self._state = _State.CSI
            self._csi(character, now)

    def _perhaps_string(self, character: str, now: float) -> None:
        held = self._held
        self._held += character
        if _STRING.fullmatch(self._held):
            self._state = _State.STRING
        elif not _PERHAPS_STRING.fullmatch(self._held):
            self._state = _State.GROUND
            self._tokens += self._as_keys(held, character)

    def _csi(self, character: str, now: float) -> None:
        if character < " " or character >= "\x7f":
            self._abandon(character, now)
            return
        if len(self._held) < SEQUENCE_LIMIT:
            self._held += character
        if not "@" <= character <= "~":
            return
        held = self._held
        self._state = _State.GROUND
        if held == PASTE_START:
            self._begin("", _State.PASTE)
        elif held != PASTE_END and held[-1] == character:
            self._emit(Kind.SEQUENCE, held)

    def _string(self, character: str, now: float) -> None:
        if character in "\x07\x9c":
            self._state = _State.GROUND
        elif character == ESC:
            self._state = _State.STRING_ESCAPE
        elif character < " ":
            self._abandon(character, now)

    def _abandon(self, character: str, now: float) -> None:
        """A control character ends any wait; it is itself a key."""
        self._state = _State.GROUND
        self._tainted_until = now + TAINT
        self._ground(character, now)

    def _paste(self, data: str, at: int) -> int:
        """Take pasted text up to its end, which may itself be cut; the position after it."""
        text = self._held + data[at:]
        end = text.find(PASTE_END)
        if end < 0:
            self._held = text if len(text) < PASTE_LIMIT else text[:PASTE_LIMIT] + _last_part(text)
            return len(data)
        self._state, at = _State.GROUND, at + end + len(PASTE_END) - len(self._held)
        self._held = ""
        self._emit(Kind.PASTE, text[:end][:PASTE_LIMIT])
        return at


def _mark_alone(tokens: list[Token], size: int) -> None:
    """Mark the only key of a read of that many characters; reports that we ask for do not count."""
    keys = [index for index, token in enumerate(tokens) if not _ASKED_FOR.fullmatch(token.text)]
    if len(keys) == 1 and sum(len(token.text) for token in tokens) == size:
        one = tokens[keys[0]]
        tokens[keys[0]] = Token(one.kind, one.text, alone=True)


def _last_part(text: str) -> str:
    """The end of a text that may be the beginning of a paste's end."""
    return next(
        (text[-size:] for size in range(len(PASTE_END) - 1, 0, -1) if text.endswith(PASTE_END[:size])), ""
    )
