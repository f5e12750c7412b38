"""A metric's chart: what belongs to it stands below it, one key away."""

from __future__ import annotations

import pytest

from pake_tui.tui.drawing import course, resample, step_of
from pake_tui.tui.panels.lines import LinesPanel
from pake_tui.tui.panels.metrics import DETAILS, MetricsPanel, name_of
from pake_tui.tui.screens.metric import BesidePanel, ChartPanel, MetricScreen
from tests.pilot.console import Console, console


async def overview(one: Console) -> MetricsPanel:
    """The overview's metrics, with the focus."""
    await one.press("1")
    await one.until(lambda: one.app.screen.query(MetricsPanel), "the overview")
    panel = one.app.screen.query_one(MetricsPanel)
    await one.until(panel.row_count, "metrics")
    panel.focus()
    return panel


async def chart(one: Console, metric: str) -> MetricScreen:
    """The chart of the first series of a metric, opened from the overview."""
    panel = await overview(one)
    panel.move_to(next(n for n, series in enumerate(panel.rows) if series.key.metric == metric))
    await one.press("enter")
    await one.until(lambda: isinstance(one.app.screen, MetricScreen), "the chart")
    screen = one.app.screen
    assert isinstance(screen, MetricScreen)
    await one.until(lambda: screen.query(BesidePanel), "what is beside it")
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_charts_parts_stand_below_it_and_open_their_own(size: tuple[int, int]) -> None:
    """The cpu's cores come first, then its modes; `enter` shows a core alone, `esc` comes back."""
    async with console(size=size) as one:
        screen = await chart(one, "cpu_percent")
        beside = screen.query_one(BesidePanel)
        await one.until(beside.row_count, "its parts")
        names = [name_of(series) for series in beside.rows]
        assert names[:3] == ["cpu 0", "cpu 1", "cpu mode user"]
        assert not {"cpu", "memory", "disk /"} & set(names)
        assert beside.inner_height >= 3
        assert screen.query_one(ChartPanel).inner_height >= 9
        await one.press("tab", "j", "enter")
        await one.until(lambda: one.app.screen is not screen, "the core")
        assert isinstance(one.app.screen, MetricScreen)
        assert one.app.screen.key.label == "cpu_percent{core=1}"
        await one.press("escape")
        await one.until(lambda: one.app.screen is screen, "the whole again")


@pytest.mark.parametrize(("metric", "first"), [("cpu_percent", "payment"), ("memory_percent", "postgres")])
async def test_processes_stand_by_what_the_chart_is_of(metric: str, first: str) -> None:
    """Below cpu who uses most of it, below memory who holds most."""
    async with console() as one:
        screen = await chart(one, metric)
        rows = screen.query_one("#processes", LinesPanel)
        await one.until(rows.row_count, "processes")
        assert rows.row_text(0).endswith(first)


async def test_a_disks_operations_stand_below_how_full_it_is() -> None:
    """Inodes, latency and utilisation; processes would tell nothing there."""
    async with console() as one:
        screen = await chart(one, "disk_percent")
        beside = screen.query_one(BesidePanel)
        await one.until(beside.row_count, "its parts")
        assert {"inodes /", "device busy vda", "device latency ms vda"} <= {name_of(s) for s in beside.rows}
        assert not screen.query("#processes")


async def test_an_applications_series_stand_together() -> None:
    """Beside a service's latency are its requests, and nothing of the host."""
    async with console() as one:
        screen = await chart(one, "api.response")
        beside = screen.query_one(BesidePanel)
        await one.until(beside.row_count, "its parts")
        assert {series.key.service for series in beside.rows} == {"api"}


async def test_details_push_nothing_vital_off_the_overview() -> None:
    """Modes, cores, devices and states come behind everything else."""
    async with console(size=(80, 24)) as one:
        panel = await overview(one)
        details = [any(name in DETAILS for name, _ in series.key.tags) for series in panel.rows]
        assert any(details)
        assert details == sorted(details)
        assert [name_of(series) for series in panel.rows[:4]] == ["cpu", "memory", "disk /", "load1"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_deployment_is_marked_under_all_sparklines_at_its_moment(size: tuple[int, int]) -> None:
    """The mark stands under the cell that shows what was measured then, and left of it what it was."""
    async with console(size=size) as one:
        panel = await overview(one)
        width = panel.size.width - 2
        edge = "".join(text for text, _ in panel.bottom_edge(width))
        begin, room = panel.label_cells(width) + 12, panel.spark_cells(width)
        assert len(edge) == width
        assert "payment: deployed 2.4.1" in edge
        assert panel.answer is not None
        points, moment = panel.rows[0].points, panel.answer.marks[-1].at_ns
        first, step_ns = step_of(points)
        then = [float(point.start_ns <= moment < point.start_ns + step_ns) for point in points]
        assert edge.index(one.app.glyphs.up) - begin == resample(then, room, first).index(1.0)


async def test_a_terminal_too_narrow_for_sparklines_is_drawn_without_marks() -> None:
    """Nothing breaks where a mark has no column; the edge stays plain."""
    async with console(size=(30, 12)) as one:
        panel = await overview(one)
        edge = "".join(text for text, _ in panel.bottom_edge(panel.size.width - 2))
        assert set(edge) == {one.app.glyphs.across}
        assert len(edge) == panel.size.width - 2


async def test_what_was_over_the_threshold_stands_out_in_the_sparkline() -> None:
    """Cells above it have a role of their own, those below keep theirs, also while all is well again."""
    async with console() as one:
        panel = await overview(one)
        row = next(n for n, series in enumerate(panel.rows) if series.key.label == "cpu_percent")
        series, line = panel.rows[row], panel.draw_row(row, 100)
        room = panel.spark_cells(100)
        values = course(series.points, room)
        assert series.threshold is not None
        high = [value is not None and value > series.threshold for value in values]
        assert any(high)
        assert not all(high)
        roles = [role for text, role in line for _ in text if role in ("spark", "over")]
        assert [role == "over" for role in roles] == high
