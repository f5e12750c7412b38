"""The two bars that never go away: the header, and the footer with its message and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip

from pake_tui.clock import SECOND, monotonic
from pake_tui.model.alert import AlertState
from pake_tui.model.sample import CollectorMode
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, crop, day_and_clock, strip_of, t, width_of
from pake_tui.tui.keys import Key
from pake_tui.tui.widgets.steady import Steady

if TYPE_CHECKING:
    pass


FELT_MS = 30
"""Round trip from which on the header speaks of the link."""
READ_S = 1.0
"""A message stands at least so long."""


class Bar(Steady):
    """A line across the screen."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"
    can_focus = False


class HeaderBar(Bar):
    """Host, environment, collector, configuration, who else is here, alert tally, clock with its zone."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[Line, Line] | None = None

    def redraw(self) -> None:
        """Draw anew if anything in it changed."""
        if self.parts() != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The header; what does not fit is dropped from its least urgent parts."""
        app = self.console_app
        width = self.size.width
        self._drawn = self.parts()
        left, right = list(self._drawn[0]), self._drawn[1]
        while width_of(left) + width_of(right) > width and len(left) > 1:
            left.pop()
        gap = max(0, width - width_of(left) - width_of(right))
        line = [*left, (SafeText(" " * gap), "header"), *right]
        return strip_of(crop(line, width, app.glyphs), app.palette)

    def parts(self) -> tuple[Line, Line]:
        """(what stands left, most urgent first; what stands right)."""
        app = self.console_app
        snapshot, glyphs, sources = app.snapshot, app.glyphs, app.sources
        view = snapshot.config
        said = [f" {sources.host}"]
        if view.problems:
            wrong = len(view.problems)
            said.append(f"  cfg {glyphs.unhealthy} {wrong} problem{'s' if wrong > 1 else ''}")
        if sources.environment:
            said.append(f" {glyphs.separator} {sources.environment}")
        said.append(f"  {self.collector()}")
        if sources.read_only:
            said.append("  read-only")
        if view.problems:
            said.append("  old settings in force")
        elif view.exists:
            said.append(f"  cfg {glyphs.acked} {view.file.rpartition('/')[2]}")
        names = [one.actor for one in snapshot.presence]
        if len(names) > 1:
            said.append(f"  {len(names)} here: {', '.join(names[:4])}")
        if app.collects_alone and not sources.read_only:
            said.append("  nobody is paged when you leave")
        if link := self.link():
            said.append(f"  {link}")
        firing = snapshot.alerts.count(AlertState.FIRING)
        acked = snapshot.alerts.count(AlertState.ACKNOWLEDGED)
        right: Line = []
        if app.paused:
            right.append((t(f" {glyphs.paused} paused "), "warning"))
        if firing:
            right.append((t(f" {glyphs.firing} {firing} firing "), "critical"))
        else:
            right.append((t(f" {glyphs.acked} none firing "), "header"))
        if acked:
            right.append((t(f" {glyphs.acked} {acked} acked "), "header"))
        right.append((t(f" {self.clock()} "), "header"))
        return [(t(part), "header") for part in said], right

    def collector(self) -> str:
        """Who samples, and how long ago."""
        app = self.console_app
        status = app.snapshot.collector
        mode = status.mode
        if mode is CollectorMode.NONE:
            return (
                f"{app.glyphs.unknown} no collector"
                if app.snapshot.at_ns
                else f"{app.glyphs.unknown} starting"
            )
        if mode is CollectorMode.STALE:
            age = (self.console_app.now() - (status.heartbeat_ns or 0)) // SECOND
            return f"{app.glyphs.unknown} stale {age} s"
        return f"{app.glyphs.live} {mode.value}"

    def link(self) -> str:
        """Round trip and, where it is narrow, throughput of a link that makes itself felt."""
        app = self.console_app
        trip, rate = app.round_trip_ms, app.link_bytes_per_s
        if trip is None or trip < FELT_MS:
            return ""
        narrow = rate is not None and app.rest_s
        return f"link {round(trip, -1):.0f} ms" + (f" {rate / 1000:.3g} kB/s" if rate and narrow else "")

    def clock(self) -> str:
        """The time with its zone."""
        app = self.console_app
        stamp = day_and_clock(app.snapshot.at_ns or self.console_app.now(), app.zone)
        return stamp.partition(" ")[2]


class MessageBar(Bar):
    """One line: what was done, what failed, in the error's own words."""

    def __init__(self) -> None:
        super().__init__()
        self.line: Line = []
        self._said_at = 0.0

    def say(self, text: str, role: str = "text") -> None:
        """Show a message until the next, or until a key is pressed once it could be read."""
        self.line, self._said_at = [(t(f" {text}"), role)] if text else [], monotonic()
        self.refresh()

    def forget(self, text: str) -> None:
        """Take a message off that is true no more, where it still stands there."""
        if [said for said, _ in self.line] == [t(f" {text}")]:
            self.say("")

    def typed(self) -> None:
        """A key came: what was said to an earlier one has been read."""
        if self.line and monotonic() - self._said_at > READ_S:
            self.say("")

    def render_line(self, y: int) -> Strip:
        """The message."""
        app = self.console_app
        return strip_of(crop(self.line, self.size.width, app.glyphs), app.palette)


class KeysBar(Bar):
    """The eight keys that matter in the focused panel."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[Key, ...] = ()

    def show(self, keys: tuple[Key, ...]) -> None:
        """Draw other keys."""
        if keys != self.keys:
            self.keys = keys
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Keys and labels; those that do not fit are left out."""
        app = self.console_app
        width = self.size.width
        line: Line = [(SafeText(" 1-5"), "key"), (SafeText(" screens"), "dim")]
        line += [(SafeText("  ?"), "key"), (SafeText(" help"), "dim")]
        for key in self.keys:
            more: Line = [
                (SafeText("  "), "dim"),
                (t(key.shown.split(" ")[0]), "key"),
                (t(f" {key.label}"), "dim"),
            ]
            if width_of(line) + width_of(more) > width:
                break
            line += more
        return strip_of(crop(line, width, app.glyphs), app.palette)
