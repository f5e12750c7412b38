"""Lines of styled, safe text: fitted to cells, sparklines, numbers with units, times in the shown zone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from pake_tui.clock import SECOND, local_zone, short_duration
from pake_tui.model.sample import Bucket
from pake_tui.text.safe import SafeText, safe
from pake_tui.tui.glyphs import Glyphs
from pake_tui.tui.theming import Palette

Span = tuple[SafeText, str]
"""Text and the role it is drawn in."""
Line = list[Span]
t = safe


def width_of(line: Sequence[Span]) -> int:
    """Cells that a line takes."""
    return sum([len(text) if text.isascii() else cell_len(text) for text, _ in line])


def fit(text: str, width: int, glyphs: Glyphs, *, right: bool = False) -> SafeText:
    """Exactly `width` cells: padded, or cut with an ellipsis."""
    clean = safe(text)
    size = cell_len(clean)
    if size > width:
        if width <= 0:
            return SafeText("")
        return SafeText(set_cell_size(clean, width - 1) + glyphs.ellipsis)
    blank = " " * (width - size)
    return SafeText(blank + clean if right else clean + blank)


def crop(line: Line, width: int, glyphs: Glyphs) -> Line:
    """The line in exactly `width` cells: cut with an ellipsis, padded with blanks, or as it is."""
    left = width - width_of(line)
    if left >= 0:
        return [*line, (SafeText(" " * left), "text")] if left else line
    done: Line = []
    left = width
    for text, role in line:
        size = cell_len(text)
        if size >= left:
            return [*done, (fit(text if size > left else text + " ", left, glyphs), role)]
        done.append((text, role))
        left -= size
    return done


def wrap(text: str, width: int) -> list[SafeText]:
    """The text in pieces of at most `width` cells, broken at blanks where there are any."""
    pieces: list[str] = []
    line = ""
    for word in re.findall(r"\s*\S+", safe(text)):
        if line and cell_len(line + word) > width:
            pieces.append(line)
            line, word = "", word.lstrip()
        *full, line = chop_cells(line + word, width)
        pieces += full
    return [safe(piece) for piece in (*pieces, line)]


class _Whole(Strip):
    """A strip that is not remembered as its own only piece: Textual's holds itself, and waits for the garbage
    collector.
    """

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """As Textual's."""
        wanted = list(cuts)
        return [self] if wanted == [self.cell_length] else super().divide(wanted)


def strip_of(line: Sequence[Span], palette: Palette, *, under: str = "", side: str = "") -> Strip:
    """A Textual strip. `under` is a role whose style lies under every span (the cursor's row), `side` what
    stands at both ends, a frame's edge.
    """
    segments = [Segment(text, palette.style(role, under)) for text, role in line if text]
    if not side:
        return _Whole(segments, width_of(line))
    edge = Segment(side, palette.style("border"))
    return _Whole([edge, *segments, edge], width_of(line) + 2)


def spark(values: Sequence[float | None], width: int, glyphs: Glyphs, low: float, high: float) -> SafeText:
    """One cell a step, the newest right; a gap is its own glyph. Longer series keep each step's maximum."""
    ramp, cells = glyphs.spark, []
    highest = len(ramp) - 1
    steps = len(ramp) / (high - low) if high > low else 0.0
    for value in resample(values, width):
        if value is None:
            cells.append(glyphs.gap)
            continue
        step = int((value - low) * steps)
        cells.append(ramp[step if 0 <= step <= highest else highest if step > 0 else 0])
    return SafeText("".join(cells))


def spans(cells: str, roles: Sequence[str]) -> Line:
    """Cells, each with its role, as few spans as will do."""
    if len(set(roles)) == 1:
        return [(SafeText(cells), roles[0])]
    line: Line = []
    start = 0
    for role, run in groupby(roles):
        end = start + sum(1 for _ in run)
        line.append((SafeText(cells[start:end]), role))
        start = end
    return line


def spark_roles(values: Sequence[float | None], limit: float | None) -> list[str]:
    """The role of each cell of a sparkline: what lies above the limit stands out."""
    if limit is None:
        return ["spark"] * len(values)
    return ["over" if value is not None and value > limit else "spark" for value in values]


def course(points: Sequence[Bucket], width: int) -> list[float | None]:
    """The means of a series in `width` cells, the newest right; see `resample`."""
    return resample([point.mean for point in points], width, step_of(points)[0])


def step_of(points: Sequence[Bucket]) -> tuple[int, int]:
    """(how many steps have been before the first point since 1970, how long one is in ns)."""
    if len(points) < 2:
        return 0, 1
    step_ns = max(1, points[1].start_ns - points[0].start_ns)
    return points[0].start_ns // step_ns, step_ns


def resample(values: Sequence[float | None], width: int, first: int = 0) -> list[float | None]:
    """`width` cells of a series: the maximum of the steps in each, None where there is none.

    `first` steps have been before. What a cell shows it shows until it leaves at the left: else the shape of
    the past would change with each step.
    """
    if width <= 0:
        return []
    steps = len(values)
    if steps <= width:
        return [None] * (width - steps) + list(values)
    cells = [values[cut] for cut in _cuts(steps, width, first % steps)]
    try:
        return [max(cell) for cell in cells]  # type: ignore[type-var]
    except TypeError:  # a gap is not to be compared with anything
        return [max([value for value in cell if value is not None], default=None) for cell in cells]


def cell_of(step: int, steps: int, width: int, first: int) -> int:
    """In which of `width` cells a step stands, of `steps` that begin with `first`; below 0: in none."""
    if steps <= width:
        return width - steps + step - first
    return step * width // steps - (first + steps - 1) * width // steps + width - 1


@lru_cache(maxsize=64)
def _cuts(steps: int, width: int, first: int) -> tuple[slice, ...]:
    """What each of `width` cells shows of `steps` steps, which are more."""
    cells = [cell_of(first + step, steps, width, first) for step in range(steps)]
    return tuple(slice(bisect_left(cells, cell), bisect_right(cells, cell)) for cell in range(width))


def scale_of(values: Sequence[float | None], unit: str, threshold: float | None) -> tuple[float, float]:
    """The range a sparkline is drawn in: 0–100 for percent, else 0 to the maximum (threshold included)."""
    if unit == "percent":
        return 0.0, 100.0
    tops = [value for value in values if value is not None]
    if threshold is not None:
        tops.append(threshold)
    return 0.0, max(tops, default=0.0) * 1.05 or 1.0


def number(value: float | None, unit: str) -> str:
    """A value as people read it: `42 %`, `1.2 MB/s`, `250 ms`, `n/a`."""
    if value is None:
        return "n/a"
    if unit == "percent":
        return f"{value:.0f} %"
    if unit == "celsius":
        return f"{value:.0f} C"
    if unit.startswith("bytes"):
        for name in ("B", "kB", "MB", "GB", "TB"):
            if abs(value) < 1000 or name == "TB":
                digits = 0 if name == "B" or abs(value) >= 100 else 1
                return f"{value:.{digits}f} {name}{unit.removeprefix('bytes')}"
            value /= 1000
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.1f}M{_glued(unit)}"
    if abs(value) >= 10_000:
        return f"{value / 1000:.0f}k{_glued(unit)}"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{_glued(unit)}"


def _glued(unit: str) -> str:
    return unit if unit.startswith("/") or not unit else f" {unit}"


def clock(ns: int, zone: tzinfo, *, precise: bool = False) -> str:
    """`14:03:21`, or `14:03:21.412` when precise."""
    moment = datetime.fromtimestamp(ns // SECOND, zone)
    return f"{moment:%H:%M:%S}.{ns % SECOND // 1_000_000:03d}" if precise else f"{moment:%H:%M:%S}"


def day_and_clock(ns: int, zone: tzinfo) -> str:
    """`2026-03-01 14:03:21 UTC`."""
    moment = datetime.fromtimestamp(ns // SECOND, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"


def ago(ns: int | None, now_ns: int) -> str:
    """`4 m`, or `never`."""
    return "never" if ns is None else short_duration(now_ns - ns)


def zone_named(name: str) -> tzinfo:
    """The zone of the three that `U` goes through: `UTC` or the local one."""
    return UTC if name == "UTC" else local_zone()
