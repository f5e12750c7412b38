"""Keys typed ahead, each acting only once the one before has acted whole."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

LOST_AFTER_S = 0.5
"""A key's end that was not heard of by then never comes: its widget is gone."""

Typed = events.Key | events.Paste


class Acted(Message, namespace="turns"):
    """Follows a key through the same queues, and so arrives when the key has been everywhere."""

    def __init__(self, event: Typed, rounds: int) -> None:
        super().__init__()
        self.event = event
        self.rounds = rounds


class Turns:
    """Decides which key may act now.

    Textual sends a key to the widget that has the focus when the key arrives, looks for its binding only when
    it came back, and moves the focus later still: of `/` and `x` in one read the `x` would not be text but a
    key of the list.
    """

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._acting: Typed | None = None
        self._limit: Timer | None = None

    def may_act(self, event: Typed) -> bool:
        """Whether it may act at once; otherwise it is posted to the app again in its turn."""
        if event is self._acting:
            return True
        if self._acting is None:
            self._acting = event
            return True
        self._waiting.append(event)
        return False

    def acted(self, event: Typed) -> None:
        """It was handed on: follow it, to where it went and to the screen that stands there afterwards."""
        self._limit = self._app.set_timer(LOST_AFTER_S, partial(self._end, event))
        (self._app.focused or self._app.screen).post_message(Acted(event, rounds=1))

    def heard(self, message: Acted) -> None:
        """Its follower came back; what the key put off (a focus, another screen) is due before the next."""
        if message.rounds:
            self._app.call_later(self._follow, message.event, message.rounds - 1)
        else:
            self._app.call_later(self._end, message.event)

    def _follow(self, event: Typed, rounds: int) -> None:
        self._app.screen.post_message(Acted(event, rounds))

    def _end(self, event: Typed) -> None:
        if event is not self._acting:
            return
        if self._limit is not None:
            self._limit.stop()
        self._acting = self._waiting.popleft() if self._waiting else None
        if self._acting is not None:
            self._app.post_message(self._acting)
