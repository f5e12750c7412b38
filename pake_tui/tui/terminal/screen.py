"""A screen whose frames come when something has changed, and nothing wakes for them at any other time."""

from __future__ import annotations

import asyncio
from typing import cast

from textual.screen import UPDATE_PERIOD, Screen
from textual.timer import Timer
from textual.widget import Widget


class _Frames:
    """Stands for a screen's update timer: Textual's wakes after each frame, to find that no other is due."""

    def __init__(self, screen: TerminalScreen) -> None:
        self._screen = screen
        self._waits: asyncio.TimerHandle | None = None
        self._next = self._held_until = 0.0

    def resume(self) -> None:
        """A frame is due: at once, or a sixtieth of a second after the one before; when it is held, later."""
        loop = asyncio.get_running_loop()
        when = max(self._next, self._held_until, loop.time())
        if self._waits is not None:
            if self._waits.when() <= when:
                return
            self._waits.cancel()
        self._waits = loop.call_at(when, self._draw)

    def hold(self, seconds: float) -> None:
        """What becomes due from now on waits so long."""
        self._held_until = asyncio.get_running_loop().time() + seconds

    def release(self) -> None:
        """What was held waits no longer."""
        self._held_until = 0.0
        if self._waits is not None:
            self.resume()

    def hasten(self) -> None:
        """What becomes due from now on waits for nothing, and takes with it what waits already."""
        self._next = self._held_until = 0.0

    def pause(self) -> None:
        """No frame is due any more."""
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _draw(self) -> None:
        self._waits = None
        self._next = asyncio.get_running_loop().time() + UPDATE_PERIOD
        screen = self._screen
        if not screen.is_running:
            return
        with screen._context():
            try:
                screen._on_timer_update()
            except Exception as error:
                screen.app._handle_exception(error)


class TerminalScreen(Screen[None], inherit_bindings=False):
    """A screen of a `TerminalApp`."""

    def __init__(self) -> None:
        super().__init__()
        self._frames = _Frames(self)

    @property
    def _update_timer(self) -> Timer:
        return cast("Timer", self._frames)

    def gather(self, seconds: float) -> None:
        """What changes from now on is drawn as one frame: when `gathered`, after a key, or after so long."""
        self._frames.hold(seconds)

    def gathered(self) -> None:
        """What was waited for is there."""
        self._frames.release()

    def hasten(self) -> None:
        """A key came: its answer is drawn at once."""
        self._frames.hasten()

    def changed(self, widget: Widget) -> None:
        """A widget is to be drawn anew."""
        if self not in self._compositor:
            return
        self._dirty_widgets.add(widget)
        if self.is_current and not self.app._batch_count:
            self._frames.resume()


class TerminalWidget(Widget):
    """A widget that tells a `TerminalScreen` of its changes at once: Textual's way is three messages."""

    def check_idle(self) -> None:
        """As Textual's, where there is more to do than to draw it."""
        screen = self.screen if self.is_mounted and self.is_attached else None
        if not isinstance(screen, TerminalScreen) or not self._repaint_required or self._more():
            super().check_idle()
            return
        self._repaint_required = False
        if self.display:
            screen.changed(self)

    def _more(self) -> bool:
        return self._layout_required or self._scroll_required or self._refresh_styles_required
