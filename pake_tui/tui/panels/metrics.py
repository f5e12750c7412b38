"""The metrics panel: one row a series, with its value, sparkline and threshold."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import ClassVar

from pake_tui.clock import SECOND
from pake_tui.model.sample import Mark, MetricAnswer, Series, SeriesKey
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import (
    Line,
    ago,
    cell_of,
    clock,
    course,
    fit,
    number,
    scale_of,
    spans,
    spark,
    spark_roles,
    step_of,
    t,
    width_of,
)
from pake_tui.tui.feed import RANGES
from pake_tui.tui.widgets.panel import Panel, bindings_for

FIRST = (
    "cpu_percent",
    "memory_percent",
    "disk_percent",
    "load1",
    "swap_percent",
    "pressure_cpu_some",
    "pressure_memory_some",
    "pressure_io_some",
)
DETAILS = frozenset({"core", "mode", "device", "state", "sensor"})
"""Tags of what is part of something else, or of interest only when one looks for it."""
SHOWN_STAT = "p95"
"""Of a timing the one that stands with the others; its mean, maximum and further percentiles are details."""
STALE_NS = 5 * SECOND


def is_over(series: Series) -> bool:
    """Whether the newest value is past its threshold."""
    return series.threshold is not None and series.last is not None and series.last > series.threshold


def order_of(series: Series) -> tuple[int, int, str]:
    """Past its threshold first; then the host's vital series, applications', the rest, details."""
    return (-1, 0, series.key.label) if is_over(series) else _place_of(series.key)


@lru_cache(maxsize=5_000)
def _place_of(key: SeriesKey) -> tuple[int, int, str]:
    """Where a series stands that is not past its threshold."""
    stat = dict(key.tags).get("stat", SHOWN_STAT)
    if key.service and stat == SHOWN_STAT:
        return 1, 0, key.label
    if key.service or any(name in DETAILS for name, _ in key.tags):
        return 3, 0, key.label
    if key.metric in FIRST:
        return 0, FIRST.index(key.metric), key.label
    return 2, 0, key.label


def name_of(series: Series) -> str:
    """`disk /`, `api p95 api.latency`: what fits a narrow column."""
    return _name_of(series.key)


@lru_cache(maxsize=5_000)
def _name_of(key: SeriesKey) -> str:
    base = key.metric.removesuffix("_percent").replace("_", " ")
    tags = " ".join(value for _, value in sorted(key.tags, reverse=True))
    service = "" if base.startswith(key.service) else key.service
    return " ".join(part for part in (base, tags, service) if part)


def mark_title(mark: Mark) -> SafeText:
    """What happened, and to whom."""
    return t(f"{mark.service}: {mark.title}" if mark.service else mark.title)


def mark_cells(answer: MetricAnswer, room: int) -> list[int]:
    """Under which of `room` cells of the range each mark stands."""
    points = answer.series[0].points if answer.series else ()
    if not points:
        return []
    first, step_ns = step_of(points)
    steps = [first + (mark.at_ns - points[0].start_ns) // step_ns for mark in answer.marks]
    return [max(0, min(room - 1, cell_of(step, len(points), room, first))) for step in steps]


class MetricsPanel(Panel):
    """Sparklines of all series over the feed's time range."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("overview")]
    places: ClassVar = ("overview", "list")

    def __init__(self, title: str = "Metrics", *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self.answer: MetricAnswer | None = None
        self.rows: tuple[Series, ...] = ()
        self.problem = ""
        self.back = 0
        """Steps between the newest value and the one that is read; 0 reads the newest."""

    def show(self, answer: MetricAnswer, problem: str) -> None:
        """Draw newer data."""
        key = self.current_key()
        self.answer, self.problem = answer, problem
        self.rows = tuple(sorted(answer.series, key=order_of))
        self.keep(key)

    def row_count(self) -> int:
        """One row a series."""
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        """The series."""
        return self.rows[index].key

    @property
    def selected(self) -> Series | None:
        """The series under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def draw_row(self, index: int, width: int) -> Line:
        """Name, value, sparkline, threshold and how it stands to it."""
        app = self.console_app
        series = self.rows[index]
        label = self.label_cells(width)
        value = self.value_of(series)
        limit = series.threshold
        over = limit is not None and value is not None and value > limit
        tail: Line = []
        if limit is not None:
            word = "over" if over else "ok"
            tail = [
                (fit(f"{limit:g}", 5, app.glyphs, right=True), "dim"),
                (t(f" {app.glyphs.threshold} "), "border"),
                (fit(word, 4, app.glyphs), "error" if over else "ok"),
            ]
        room = self.spark_cells(width)
        values = course(series.points, room)
        low, high = scale_of(values, series.unit, limit)
        drawn, roles = spark(values, room, app.glyphs, low, high), spark_roles(values, limit)
        line: Line = [
            (fit(f" {name_of(series)}", label, app.glyphs), "text"),
            (fit(number(value, series.unit), 11, app.glyphs, right=True), "error" if over else "title"),
            (SafeText(" "), "text"),
        ]
        if self.back and self.has_focus and index == self.cursor:
            roles[len(drawn) - 1 - self.back_cells(series, room)] = "match"
        return [*line, *spans(drawn, roles), *tail]

    def label_cells(self, width: int) -> int:
        """How many cells of a row the name has."""
        return 16 if width < 60 else 22 if width < 90 else 34

    def spark_cells(self, width: int) -> int:
        """How many cells of a row the sparkline has."""
        return max(4, width - self.label_cells(width) - 11 - 1 - (12 if width >= 50 else 0))

    def bottom_edge(self, width: int) -> Line:
        """What happened in the range: a mark under its column, and left of them what the newest was."""
        answer, glyphs = self.answer, self.console_app.glyphs
        left, room = self.label_cells(width) + 12, self.spark_cells(width)
        if answer is None or not answer.marks or left + room > width:
            return super().bottom_edge(width)
        title = mark_title(answer.marks[-1])
        told = fit(title, min(width_of([(title, "")]), left - 4), glyphs)
        cells, roles = [glyphs.across] * (width - left), ["border"] * (width - left)
        for place in mark_cells(answer, room):
            cells[place], roles[place] = glyphs.up, "accent"
        line: Line = [(SafeText(f"{glyphs.across} "), "border"), (told, "accent")]
        fill = SafeText(f" {glyphs.across * (left - 1 - width_of(line))}")
        return [*line, (fill, "border"), *spans("".join(cells), roles)]

    def value_of(self, series: Series) -> float | None:
        """The newest value, or the one under the reading cursor."""
        if not self.back or not series.points:
            return series.last
        return series.points[max(0, len(series.points) - 1 - self.back)].mean

    def back_cells(self, series: Series, room: int) -> int:
        """How many cells left of the right edge the reading cursor stands."""
        steps, (first, _) = len(series.points), step_of(series.points)
        return room - 1 - max(0, cell_of(first + steps - 1 - self.back, steps, room, first))

    def title_right(self) -> Line:
        """The time range, and how old the data is when it is old."""
        answer = self.answer
        if answer is None:
            return []
        span = next((name for ns, name in RANGES if ns == self.console_app.feed.span_ns), "")
        line: Line = []
        age = answer.fresh.age_ns(self.console_app.snapshot.at_ns or self.console_app.now())
        if self.problem:
            line.append((t(f"{self.problem} "), "warning"))
        elif age is not None and age > STALE_NS:
            line.append((t(f"stale for {ago(answer.fresh.at_ns, self.console_app.now())} "), "warning"))
        if self.back and self.selected is not None and self.selected.points:
            points = self.selected.points
            moment = points[max(0, len(points) - 1 - self.back)].start_ns
            line.append((t(f"at {clock(moment, self.console_app.zone)} "), "match"))
        return [*line, (t(f"last {span}"), "dim")]

    def summary(self) -> Line:
        """The vital values in one line."""
        line: Line = [(t("Metrics  "), "title")]
        for series in self.rows[:4]:
            role = "error" if is_over(series) else "text"
            line.append((t(f"{name_of(series)} {number(series.last, series.unit)}  "), role))
        return line

    def empty_lines(self) -> list[Line]:
        """Why there is nothing yet."""
        collector = self.console_app.snapshot.collector
        why = (
            collector.problem
            or "No samples yet: the collector is starting. `pake-tui doctor` says what it needs."
        )
        return [[(t(f" {why}"), "dim")]]

    def action_shorter(self) -> None:
        """A shorter time range."""
        self.change_range(-1)

    def action_longer(self) -> None:
        """A longer time range."""
        self.change_range(1)

    def change_range(self, step: int) -> None:
        """The next range of the feed."""
        feed = self.console_app.feed
        spans = [ns for ns, _ in RANGES]
        feed.span_ns = spans[max(0, min(len(spans) - 1, spans.index(feed.span_ns) + step))]
        self.back = 0
        feed.nudge()
        self.refresh()

    def action_read_left(self) -> None:
        """Read the value one step earlier."""
        steps = len(self.selected.points) if self.selected else 0
        self.back = min(max(0, steps - 1), self.back + 1)
        self.refresh()

    def action_read_right(self) -> None:
        """Read the value one step later."""
        self.back = max(0, self.back - 1)
        self.refresh()
