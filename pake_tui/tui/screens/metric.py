"""One series alone, as tall as the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import ClassVar

from textual.widget import Widget

from pake_tui.clock import DAY, short_duration
from pake_tui.errors import PakeError
from pake_tui.model.forecast import Forecast
from pake_tui.model.host_metrics import BY_NAME
from pake_tui.model.sample import MetricAnswer, MetricKind, ProcessRow, Series, SeriesKey
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import (
    Line,
    clock,
    course,
    day_and_clock,
    fit,
    number,
    scale_of,
    spans,
    spark_roles,
    t,
)
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.panels.lines import LinesPanel
from pake_tui.tui.panels.metrics import MetricsPanel, mark_cells, mark_title, name_of
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.widgets.panel import Panel, bindings_of_main
from pake_tui.tui.widgets.steady import Ground

AXIS = 11
PLACES = {name: place for place, name in enumerate(BY_NAME)}


class ChartPanel(MetricsPanel):
    """The series as columns of blocks, with its range, threshold and the value under the cursor."""

    forecast: Forecast | None = None

    def title_left(self) -> Line:
        """The series, and what a metric of the host is, where there is room."""
        line = super().title_left()
        series, room = self.selected, self.outer_size.width - len(self.title) - 30
        known = BY_NAME.get(series.key.metric) if series is not None and not series.key.service else None
        if known is not None and room > 0:
            text = f"  {known.meaning}"
            line.append((fit(text, min(len(text), room), self.console_app.glyphs), "dim"))
        return line

    def bottom_edge(self, width: int) -> Line:
        """Plain: marks stand right under the chart."""
        return Panel.bottom_edge(self, width)

    def draw_inner(self, y: int, width: int) -> tuple[Line, str]:
        """One row of the chart, or one of the lines below it."""
        series = self.selected
        if series is None:
            return (self.empty_lines()[0] if y == 0 else []), ""
        marked = self.marked(width)
        height = self.inner_height - 2 - bool(marked)
        if y < height:
            return self.chart_row(series, y, height, width), ""
        below = [*([marked] if marked else []), self.times(series, width), self.numbers(series)]
        return below[y - height], ""

    def chart_row(self, series: Series, y: int, height: int, width: int) -> Line:
        """The blocks of one height; the threshold is a line through empty cells, what is above stands out."""
        glyphs = self.console_app.glyphs
        room = max(4, width - AXIS - 1)
        values = course(series.points, room)
        low, high = scale_of(values, series.unit, series.threshold)
        step = (high - low) / max(1, height)
        floor = high - (y + 1) * step
        marks = {(height - 1) // 2: (high + low) / 2, 0: high, height - 1: low}
        label = number(marks[y], series.unit) if y in marks else ""
        line: Line = [(fit(label, AXIS, glyphs, right=True), "dim"), (SafeText(glyphs.down), "border")]
        limit = series.threshold
        at_limit = limit is not None and floor <= limit < floor + step
        roles = spark_roles(values, limit if limit is not None and limit < floor + step else None)
        cells: list[str] = []
        for x, value in enumerate(values):
            if value is None or value <= floor:
                cells.append(glyphs.across if at_limit else " ")
                roles[x] = "over" if at_limit else "spark"
            else:
                share = min(1.0, (value - floor) / step) if step else 1.0
                cells.append(glyphs.spark[min(len(glyphs.spark) - 1, int(share * len(glyphs.spark)))])
        return [*line, *spans("".join(cells), roles)]

    def times(self, series: Series, width: int) -> Line:
        """The first and the last moment."""
        if not series.points or self.answer is None:
            return []
        zone = self.console_app.zone
        long = self.answer.until_ns - self.answer.since_ns > DAY
        said = day_and_clock if long else clock
        first, last = said(self.answer.since_ns, zone), said(self.answer.until_ns, zone)
        gap = max(1, width - AXIS - 1 - len(first) - len(last))
        return [(t(" " * (AXIS + 1) + first + " " * gap + last), "dim")]

    def marked(self, width: int) -> Line:
        """What happened in the range: a mark under its column, and beside the newest what it was."""
        room, glyphs = max(4, width - AXIS - 1), self.console_app.glyphs
        places = mark_cells(self.answer, room) if self.answer is not None else []
        if self.answer is None or not places:
            return []
        cells = [" "] * room
        for place in places:
            cells[place] = glyphs.up
        place, title = places[-1], mark_title(self.answer.marks[-1])
        told = fit(title, min(len(title), room - 4), glyphs)
        at = place + 2 if place + 2 + len(told) <= room else max(0, place - 1 - len(told))
        cells[at : at + len(told)] = list(told)
        return [(t(" " * (AXIS + 1) + "".join(cells)), "accent")]

    def numbers(self, series: Series) -> Line:
        """Now, minimum, mean, maximum of the range."""
        known = [point for point in series.points if point.mean is not None]
        lows = [point.low if point.low is not None else point.mean for point in known]
        highs = [point.high if point.high is not None else point.mean for point in known]
        means = [point.mean for point in known if point.mean is not None]
        parts = [("now", series.last), ("min", min((v for v in lows if v is not None), default=None))]
        if series.kind is not MetricKind.TIMING:  # the mean of percentiles is none
            parts.append(("mean", sum(means) / len(means) if means else None))
        parts.append(("max", max((v for v in highs if v is not None), default=None)))
        if series.threshold is not None:
            parts.append(("threshold", series.threshold))
        if self.back:
            parts.insert(0, ("read", self.value_of(series)))
        line: Line = []
        for name, value in parts:
            line += [(t(f"  {name} "), "dim"), (t(number(value, series.unit)), "title")]
        return [*line, *self.foretold()]

    def foretold(self) -> Line:
        """When it reaches its threshold, with the band of that; nothing where that is not foretold."""
        told, now = self.forecast, self.console_app.now()
        if told is None or told.eta_ns is None or told.state == "reached":
            return []
        ends = [told.earliest_ns, told.latest_ns]
        band = " to ".join("?" if end is None else short_duration(end - now) for end in ends)
        return [
            (t("  reached in "), "dim"),
            (t(short_duration(told.eta_ns - now)), "warning"),
            (t(f" (95 %: {band})"), "dim"),
        ]


class BesidePanel(MetricsPanel):
    """What belongs to the series of a chart: a CPU's cores and modes, a disk's operations and latency, what
    else the service measured.
    """

    def __init__(self, key: SeriesKey) -> None:
        super().__init__(f"Beside it: {group_of(key)}", id="beside")
        self.key = key

    def show(self, answer: MetricAnswer, problem: str) -> None:
        """Draw newer data of these: first the metric's own series, then in the order of all metrics."""
        key = self.current_key()
        self.answer, self.problem = answer, problem
        group = group_of(self.key)
        found = [one for one in answer.series if group_of(one.key) == group and one.key != self.key]
        self.rows = tuple(sorted(found, key=self.place_of))
        self.keep(key)

    def place_of(self, series: Series) -> tuple[bool, int, int, str]:
        """Where a series stands; the shorter label first, so that core 2 comes before core 10."""
        metric, label = series.key.metric, series.key.label
        return metric != self.key.metric, PLACES.get(metric, 0), len(label), label

    def label_cells(self, width: int) -> int:
        """The names count more than their courses."""
        return 22 if width < 90 else 34

    def empty_lines(self) -> list[Line]:
        """There is nothing."""
        return [[(t(" Nothing else is measured of it."), "dim")]]


class MetricScreen(ConsoleScreen):
    """A series over the whole screen, below it what belongs to it, and for cpu and memory who uses them."""

    place: ClassVar = "overview"
    main: ClassVar = ChartPanel
    BINDINGS: ClassVar = bindings_of_main("overview")
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (100, "-wide")]
    DEFAULT_CSS = """
    MetricScreen #chart { height: 1fr; }
    MetricScreen #below { layout: horizontal; height: 9; }
    MetricScreen.-stacked #below { layout: vertical; height: auto; }
    MetricScreen.-stacked #below Panel { height: 5; }
    MetricScreen.-stacked #below Panel:focus { height: 8; }
    MetricScreen.-zoomed #below { height: 1fr; }
    MetricScreen.-zoomed Panel { height: 1fr !important; }
    """

    def __init__(self, key: SeriesKey) -> None:
        super().__init__()
        self.key = key

    def compose_body(self) -> Iterable[Widget]:
        """The chart, and what is below it."""
        yield ChartPanel(self.key.label, id="chart")
        below: list[Widget] = [BesidePanel(self.key)]
        if group_of(self.key) in BY_USE:
            processes = LinesPanel(f"Processes by {group_of(self.key)}", id="processes")
            processes.nothing = "The collector has not listed any yet."
            below.append(processes)
        yield Ground(*below, id="below")

    def on_mount(self) -> None:
        """Look ahead too."""
        super().on_mount()
        self.reread()

    def reread(self) -> None:
        """Ask when the threshold is reached, off the event loop."""
        app = self.console_app

        def read() -> None:
            with suppress(PakeError):  # what is wrong with the store, the header says
                app.call_from_thread(self._foretell, app.sources.metrics.forecast(self.key))

        app.look(read)

    def _foretell(self, forecast: Forecast | None) -> None:
        for panel in self.query(ChartPanel):
            panel.forecast = forecast
            panel.refresh()

    def show(self, snapshot: Snapshot) -> None:
        """Newer points of this one series."""
        panel = self.query_one(ChartPanel)
        panel.answer = snapshot.metrics
        panel.rows = tuple(series for series in snapshot.metrics.series if series.key == self.key)
        if panel.rows:
            panel.title = name_of(panel.rows[0])
        panel.refresh()
        self.query_one(BesidePanel).show(snapshot.metrics, snapshot.problem("metrics"))
        for processes in self.query("#processes").results(LinesPanel):
            rows = sorted(snapshot.processes, key=BY_USE[group_of(self.key)], reverse=True)
            processes.set_lines([process_line(row) for row in rows])

    def on_panel_opened(self, message: Panel.Opened) -> None:
        """The chart of what stands beside it."""
        if isinstance(message.panel, BesidePanel) and message.panel.selected is not None:
            self.console_app.open(MetricScreen(message.panel.selected.key))

    def query_for_logs(self) -> tuple[str, int | None] | None:
        """The lines of the service, else everybody's warnings."""
        return (f"service:{self.key.service}" if self.key.service else "level>=warning"), None

    def equal_command(self) -> str:
        """The command that prints this series."""
        return f"pake-tui metrics {self.key.metric}"


BY_USE: Mapping[str, Callable[[ProcessRow], float]] = {
    "cpu": lambda row: row.cpu_percent,
    "memory": lambda row: row.memory_bytes,
}
"""What the processes beside a series are sorted by, for the groups of which they tell something."""


def group_of(key: SeriesKey) -> str:
    """What of the host a series belongs to, or its service."""
    known = BY_NAME.get(key.metric)
    return key.service or (known.group if known else key.metric)


def process_line(row: ProcessRow) -> Line:
    """pid, name, user, cpu and resident memory of one process."""
    cpu, memory = number(row.cpu_percent, "percent"), number(float(row.memory_bytes), "bytes")
    return [
        (t(f" {row.pid:>8}  "), "dim"),
        (t(f"{cpu:>6}  {memory:>9}  "), "title"),
        (t(f"{row.user[:12]:<12}  "), "dim"),
        (t(row.name), "text"),
    ]
