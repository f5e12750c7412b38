"""The row of blocks above the log lines: how many there are when, and how bad they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import tzinfo
from typing import NamedTuple

from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from pake_tui.clock import HOUR, MINUTE, monotonic, short_duration
from pake_tui.errors import PakeError
from pake_tui.model.record import LEVEL_COLUMNS, Histogram, Level
from pake_tui.sources.protocols import Cancel
from pake_tui.tui.drawing import Line, clock, crop, day_and_clock, strip_of, t, width_of
from pake_tui.tui.glyphs import LEVEL_ROLE, Glyphs
from pake_tui.tui.logreader import Reader
from pake_tui.tui.widgets.steady import Steady

RANGES = (5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, None)
"""Nanoseconds that `[` and `]` go through; None is all that there is."""
SIDES = 52
"""Cells for the times and the words beside the blocks."""
COUNT_EVERY_S = 0.3
BLOCK_MOST = 6
"""Cells of one block."""


class Span(NamedTuple):
    """From when to when (UTC ns); None: no bound."""

    since_ns: int | None
    until_ns: int | None


class HistogramRow(Steady):
    """Counts by time and level of all lines, of the time around the cursor; the cursor's block is lit up."""

    DEFAULT_CSS = "HistogramRow { height: 1; width: 1fr; }"

    class Counted(Message):
        """A thread brought counts; None where nothing could be read."""

        def __init__(self, histogram: Histogram | None, ticket: int) -> None:
            self.histogram, self.ticket = histogram, ticket
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.histogram: Histogram | None = None
        self.range_ns: int | None = None
        self.cursor_ns: int | None = None
        self.following = True
        self.counting = False
        """Whether a thread counts now."""
        self.counted: Callable[[], None] = lambda: None
        """Called when what was counted is drawn, before the terminal is."""
        self._span = Span(None, None)
        self._growth = -1
        self._due: Timer | None = None
        self._counted_at = 0.0
        self._reader = Reader("pake-logs-histogram")

    def on_unmount(self) -> None:
        """End the thread."""
        self._reader.close()

    def on_resize(self) -> None:
        """Another width has another number of blocks."""
        self._count()

    def step(self, step: int) -> None:
        """A shorter (-1) or longer (+1) range; all there is has its own length."""
        chosen = range_after(self.range_ns, step, self.histogram)
        about = "all there is" if chosen is None else short_duration(chosen)
        self.console_app.say(f"histogram of {about}")
        self.range_ns, self._span = chosen, Span(None, None)
        self._count()

    def show(self, growth: int) -> None:
        """Count on where there is more, now or a moment later: what counts keeps the screen waiting."""
        if self.counting or (growth == self._growth and self.histogram is not None):
            return
        self._growth = growth
        if monotonic() < self._counted_at + COUNT_EVERY_S:
            self._count_soon()
        else:
            self._count()

    def _count_soon(self) -> None:
        if self._due is None:
            rest = self._counted_at + COUNT_EVERY_S - monotonic()
            self._due = self.set_timer(max(0.001, rest, self.console_app.feed.rest_s), self._count_at_rest)

    def _count_at_rest(self) -> None:
        """Count, unless a key came just now: its answer goes first."""
        self._due = None
        if self.console_app.feed.rest_s:
            self._count_soon()
        else:
            self._count()

    def stand(self, cursor_ns: int | None, following: bool) -> None:
        """The cursor stands elsewhere: light up its block, or count around it."""
        before = self.bucket_of(self.cursor_ns)
        self.cursor_ns, self.following = cursor_ns, following
        if self._wanted() != self._span:
            self._count()
        elif before != self.bucket_of(cursor_ns):
            self.refresh()

    def _wanted(self) -> Span:
        """The range around the cursor: as it is while the cursor is inside, ending at it while following."""
        at, size = self.cursor_ns, self.range_ns
        if at is None or size is None:
            return Span(None, None)
        since, until = self._span
        if not self.following and since is not None and until is not None and since <= at <= until:
            return self._span
        end = min(at if self.following else at + size // 2, max(at, self.console_app.now()))
        end = end // MINUTE * MINUTE + MINUTE - 1
        return Span(end - size + 1, end)

    def _count(self) -> None:
        if self._due is not None:
            self._due.stop()
        self._due, self._counted_at, self.counting = None, monotonic(), True
        self._span = span = self._wanted()
        source, buckets = self.console_app.sources.logs, max(10, self.size.width - SIDES)

        def count(ticket: int, cancel: Cancel) -> None:
            histogram = None
            with suppress(PakeError):  # the rows say what can't be read
                histogram = source.histogram(*span, buckets)
            self.post_message(self.Counted(histogram, ticket))

        self._reader.ask(count)

    def on_histogram_row_counted(self, message: Counted) -> None:
        """Draw newer counts, and count on where that is not all."""
        if message.ticket != self._reader.ticket:
            return
        self.counting, found = False, message.histogram
        if found is not None and found != self.histogram:
            self.histogram = found
            self.refresh()
        self.counted()
        if found is not None and not found.complete:
            self._count_soon()

    def bucket_of(self, at_ns: int | None) -> int | None:
        """The number of the block that holds a moment; None where none does."""
        one = self.histogram
        if one is None or at_ns is None:
            return None
        number = (at_ns - one.since_ns) // one.bucket_ns
        return number if 0 <= number < len(one.counts) else None

    def render_line(self, y: int) -> Strip:
        """Times and words around one block a step."""
        app, width = self.console_app, self.size.width
        if self.histogram is None:
            return strip_of(crop([(t(" counting lines by time"), "dim")], width, app.glyphs), app.palette)
        line = draw_histogram(self.histogram, self.bucket_of(self.cursor_ns), width, app.zone, app.glyphs)
        return strip_of(crop(line, width, app.glyphs), app.palette)


def range_after(now: int | None, step: int, all_there_is: Histogram | None) -> int | None:
    """The range a step shorter or longer than this one; shorter than all there is: the longest that is so."""
    if now is None and step < 0 and all_there_is is not None:
        extent = all_there_is.bucket_ns * len(all_there_is.counts)
        return max((one for one in RANGES if one is not None and one < extent), default=RANGES[0])
    return RANGES[max(0, min(len(RANGES) - 1, RANGES.index(now) + step))]


def draw_histogram(one: Histogram, at: int | None, width: int, zone: tzinfo, glyphs: Glyphs) -> Line:
    """Begin, blocks (high: many lines; colour: the worst level; `at` lit up), end, and what they hold."""
    totals = [sum(counts) for counts in one.counts]
    if not sum(totals):
        return [(t(" no lines in this time"), "dim")]
    end_ns = one.since_ns + one.bucket_ns * len(totals)
    days = end_ns - one.since_ns > 20 * HOUR
    start, end = (
        day_and_clock(ns, zone)[5:16] if days else clock(ns, zone)[:5] for ns in (one.since_ns, end_ns)
    )
    words = held(one, totals, glyphs)
    room = max(1, width - len(start) - len(end) - width_of(words) - 4)
    cells = max(1, min(BLOCK_MOST, room // len(totals)))
    gap = int(cells > 2)
    most, steps = max(totals), len(glyphs.spark)
    line: Line = [(t(f" {start} "), "dim")]
    for number, total in enumerate(totals[-room:], max(0, len(totals) - room)):
        block = glyphs.spark[(total * steps - 1) // most] if total else " "
        role = "match" if number == at else LEVEL_ROLE[worst(one.counts[number])] if total else "dim"
        line.append((t(block * max(1, cells - gap)), role))
        line.append((t(" " * gap), "dim"))
    return [*line, (t(f" {end} "), "dim"), *words]


def held(one: Histogram, totals: list[int], glyphs: Glyphs) -> Line:
    """How long a block is, how many lines and errors all hold, and of how much of the files."""
    errors = sum(counts[n] for counts in one.counts for n, level in enumerate(LEVEL_COLUMNS) if is_bad(level))
    dot = f" {glyphs.separator} "
    line: Line = [(t(f" {short_duration(one.bucket_ns)} each{dot}{sum(totals):,} lines"), "dim")]
    if errors:
        line.append((t(f"{dot}{errors:,} error{'s' if errors != 1 else ''}"), "error"))
    if not one.complete:
        line.append((t(f"{dot}{one.covered_bytes * 100 // max(1, one.total_bytes)} % counted"), "accent"))
    return line


def is_bad(level: Level | None) -> bool:
    """Whether a level is an error or worse."""
    return level is not None and level >= Level.ERROR


def worst(counts: tuple[int, ...]) -> Level | None:
    """The worst level that has lines."""
    return next((LEVEL_COLUMNS[n] for n in reversed(range(len(counts))) if counts[n]), None)
