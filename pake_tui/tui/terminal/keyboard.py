"""The guard's tokens become Textual's events; what Textual does not know as a key becomes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from pake_tui.tui.terminal.guard import Kind, Token

_CURSOR_REPORT = re.compile(r"\x1b\[\??(\d+);(\d+)(?:;\d+)?R")
_MODE_REPORT = re.compile(r"\x1b\[\?(\d+);(\d+)\$y")
_MOUSE = re.compile(r"\x1b\[<\d{1,4};\d{1,5};\d{1,5}[Mm]")
_KEY = re.compile(r"\x1b(?:O.|\[(?:\[.|[a-d]|[\d;:]*[A-HPQSZ~u^@]))", re.DOTALL)
SYNCHRONIZED = "2026"


class Keyboard:
    """Tokens in, events out. `reported` is told of each cursor report (row and column, from 1), `mode` of
    each mode report.
    """

    def __init__(self, reported: Callable[[int, int], None], mode: Callable[[str, bool], None]) -> None:
        self._parser = XTermParser()
        self._reported = reported
        self._mode = mode

    def events(self, tokens: list[Token]) -> Iterator[Message]:
        """The events of some tokens; each key carries `came_alone`, whether it was alone in its read."""
        for token in tokens:
            if token.kind is Kind.PASTE:
                yield events.Paste(token.text.replace("\x00", ""))
            elif token.kind is Kind.ESCAPE:
                yield _marked(events.Key("escape", token.text), token.alone)
            elif token.kind is Kind.TEXT or _KEY.fullmatch(token.text):
                yield from self._keys(token)
            else:
                yield from self._sequence(token.text)

    def _keys(self, token: Token) -> Iterator[Message]:
        try:
            keys = list(self._parser._sequence_to_key_events(token.text))
        except (ValueError, OverflowError):
            # A code point that does not exist, in a key report of kitty's protocol.
            return
        for key in keys:
            if key.key != "<ignore>":
                yield _marked(key, token.alone and len(keys) == 1)

    def _sequence(self, text: str) -> Iterator[Message]:
        if found := _CURSOR_REPORT.fullmatch(text):
            self._reported(int(found[1]), int(found[2]))
        elif found := _MODE_REPORT.fullmatch(text):
            # 1 and 2: set and reset; 0 and 4: not known, never to be set (DECRPM).
            self._mode(found[1], found[2] in "12")
        elif _MOUSE.fullmatch(text):
            event = self._parser.parse_mouse_code(text)
            if event is not None:
                yield event


def _marked(key: events.Key, alone: bool) -> events.Key:
    key.came_alone = alone  # type: ignore[attr-defined]  # Textual's events have room for more
    return key


def came_alone(key: events.Key) -> bool:
    """Whether a key was alone in its read; keys that no terminal sent (tests, the palette) were."""
    return bool(getattr(key, "came_alone", True))
