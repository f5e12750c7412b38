"""The goals of the console, and whether they hold in what was measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tests.bench import probe
from tests.bench.console import Console
from tests.bench.probe import Answers, Burst, Result
from tests.bench.programs import OURS


@dataclass(frozen=True)
class Line:
    """One goal: what was measured, the goal in words, and whether it holds (None: its peer is missing)."""

    what: str
    measured: str
    goal: str
    holds: bool | None


def goals(results: dict[str, Result], console: Console) -> list[Line]:
    """Each goal and whether it holds in this run."""
    mine = results[OURS]
    assert mine.idle
    assert mine.keys
    assert mine.slow
    assert mine.burst
    lines = [
        ratio(
            "overview with live data", mine.paint_s, paint_of(results, "bare Textual"), 1.5, "bare Textual"
        ),
        ratio("overview with live data", mine.paint_s, paint_of(results, "toolong"), 0.9, "toolong"),
        Line("the same, collector started too", f"{console.cold_s:.2f} s", "", None),
    ]
    for what, mine_has, peer, most in (
        ("idle B/s", mine.idle.bytes_per_s, "btop", 0.15),
        ("CPU % with the collector", mine.idle.cpu_percent, "glances", 1.0),
    ):
        other = results[peer].idle if peer in results else None
        value = None if other is None else other.bytes_per_s if what == "idle B/s" else other.cpu_percent
        lines.append(ratio(what, mine_has, value, most, peer))
    lines.append(Line("PSS with the collector", f"{mine.idle.pss_mb:.1f} MB", "≤ 70", mine.idle.pss_mb <= 70))
    lines.append(answer_line("cursor, overview", mine.keys, 12, 50, 700))
    for name, what in (
        ("inside", "cursor, logs"),
        ("edge", "cursor at the edge, logs"),
        ("panel", "panel"),
        ("filter letter", "filter letter"),
    ):
        lines.append(answer_line(what, console.answers[name], 12, 50, 700))
    worst = console.following.worst
    shown = f"{console.following.median:.0f} ({worst:.0f}) ms at {console.lines_per_s:,.0f} lines/s"
    lines.append(Line("cursor while following", shown, "≤ 100 ms", worst <= 100))
    for name, size in (("screen", 8_192), ("command", 1_024), ("theme", 14_336)):
        found = console.answers[name]
        shown = f"{found.median:.1f} ({found.worst:.0f}) ms, {max(found.sizes):,} B at most"
        lines.append(
            Line(name, shown, f"≤ 60 ms, ≤ {size:,} B", found.median <= 60 and max(found.sizes) <= size)
        )
    return [*lines, *slow_goals(mine.slow, mine.burst, console), *differ_goals(console.differ)]


def slow_goals(slow: Answers, burst: Burst, console: Console) -> list[Line]:
    """The goals on the slow link."""
    trip = probe.ROUND_TRIP_S
    lines = [
        Line(
            "slow link: cursor",
            f"{slow.median:.0f} ({slow.worst:.0f}) ms",
            f"≤ {trip * 1e3 + 60:.0f} ms",
            slow.median <= trip * 1e3 + 60,
        )
    ]
    for what, one, last in (
        ("burst, then help", burst, None),
        ("burst, then screen 3", console.switch_after_burst, trip + 1.1),
        ("burst at the edge of the logs, then help", console.edge_burst, None),
    ):
        holds = one.bytes <= 14_000 and one.staleness_s <= 0.4
        seen = f"{one.effect_s:.2f} s" if one.effect_s is not None else f"> {probe.EFFECT_LIMIT:.0f} s"
        goal = "≤ 14,000 B, ≤ 0.4 s stale"
        if last is not None:
            goal, holds = f"{goal}, seen ≤ {last:.2f} s", holds and (one.effect_s or 99) <= last
        shown = f"{one.bytes:,} B, {one.staleness_s:.2f} s stale, seen {seen}"
        lines.append(Line(f"slow link: {what}", shown, goal, holds))
    return lines


def differ_goals(took: dict[str, list[float]]) -> list[Line]:
    """The goals of the differ alone."""
    lines = []
    for kind, what, most in (
        ("usual", "a usual frame", 1.5),
        ("full", "a full one", 12.0),
        ("forgotten", "a full one, nothing known", 12.0),
    ):
        median, worst = statistics.median(took[kind]), max(took[kind])
        shown = f"{median:.2f} ({worst:.1f}) ms, {len(took[kind])} frames"
        lines.append(Line(f"differ: {what}", shown, f"≤ {most} ms", median <= most))
    return lines


def paint_of(results: dict[str, Result], name: str) -> float | None:
    """A peer's first paint, s."""
    return results[name].paint_s if name in results else None


def ratio(what: str, mine: float, peer: float | None, most: float, name: str) -> Line:
    """A goal that is a part of a peer's figure."""
    if not peer:
        return Line(what, f"{mine:.2f}", f"≤ {most} x {name}", None)
    return Line(
        what, f"{mine:.2f} = {mine / peer:.2f} x {peer:.2f}", f"≤ {most} x {name}", mine <= most * peer
    )


def answer_line(what: str, found: Answers, median: float, worst: float, size: int) -> Line:
    """A goal of keys: ms at the median and at worst, bytes at the median."""
    return Line(
        what,
        f"{found.median:.1f} ({found.worst:.0f}) ms, {found.bytes:,} B",
        f"≤ {median:.0f} ({worst:.0f}) ms, ≤ {size} B",
        found.median <= median and found.worst <= worst and found.bytes <= size,
    )
