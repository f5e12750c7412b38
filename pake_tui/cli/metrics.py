"""`pake-tui metrics`: series as they stand now, or over a time range.

Exit codes: 0 printed · 1 no series goes by a given name · 2 the store failed, or bad usage. With `--json` one
series per line: `metric, tags, service, kind, unit, value, at`, and with `--since` also `points`, a list of
`{at, mean, low, high}` in equal steps, null where nothing was measured. Times are ISO 8601 in UTC. Without a
running collector the host is sampled once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from pake_tui.cli.common import print_table, since
from pake_tui.cli.reading import Reading, open_reading, sample_once
from pake_tui.clock import iso, now_ns, short_duration
from pake_tui.model.host_metrics import UNITS
from pake_tui.model.sample import MetricKind, Series, SeriesKey
from pake_tui.sources.embedded.metrics import EmbeddedMetricSource
from pake_tui.text.safe import safe

Spread = tuple[float, float, float]
"""Mean, lowest, highest."""
POINTS = 60
NOW_NS = 150 * 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Names, --since, --json."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a metric, a label such as 'disk_percent{mount=/}', or cpu*"
    )
    parser.add_argument(
        "--since",
        type=since,
        metavar="SPAN",
        help="the values since, e.g. 5m, 2h or 30d",
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(options: argparse.Namespace) -> int:
    """Print them; the exit code."""
    now, reading = now_ns(), open_reading()
    found = _read(reading, options.since)
    unknown = [name for name in options.names if not any(_is_named(one.key, name) for one in found)]
    for name in unknown:
        print(f"pake-tui: no series {safe(name)!r} (pake-tui metrics lists them)", file=sys.stderr)
    wanted = [one for one in found if not options.names or any(_is_named(one.key, n) for n in options.names)]
    if options.json:
        for one in wanted:
            print(json.dumps(_as_fields(one, options.since is not None)))
    elif wanted:
        spread = None if options.since is None else reading.metrics.summary(now - options.since, now)
        _print(wanted, spread, now)
    elif not unknown:
        print("pake-tui: no series yet", file=sys.stderr)
    return 1 if unknown or not wanted else 0


def _read(reading: Reading, since_ns: int | None) -> list[Series]:
    source = EmbeddedMetricSource(reading.metrics, reading.state, start=None, thresholds=dict)
    found = list(source.series(None, since_ns or NOW_NS, POINTS).series)
    if reading.living:
        return found
    print("pake-tui: no collector runs; the host was sampled once", file=sys.stderr)
    now = now_ns()
    sample = sample_once()
    for name, why in sorted(sample.problems.items()):
        print(f"pake-tui: {safe(name)}: n/a: {safe(why)}", file=sys.stderr)
    known = {one.key: one for one in found}
    fresh = [
        Series(
            key=key,
            kind=MetricKind.GAUGE,
            unit=UNITS.get(key.metric, ""),
            points=known[key].points if key in known else (),
            last=value,
            last_ns=now,
        )
        for key, value in sample.values.items()
    ]
    return [*fresh, *(one for one in found if one.key not in sample.values and one.key.service)]


def _is_named(key: SeriesKey, name: str) -> bool:
    texts = (key.metric, key.label, f"{key.service}/{key.metric}")
    return name in texts or any(fnmatchcase(text, name) for text in texts)


def _print(found: Sequence[Series], spread: Mapping[SeriesKey, Spread] | None, now: int) -> None:
    head = ["SERIES", "NOW", "UNIT", "AGE"] + (["MIN", "MEAN", "MAX"] if spread is not None else [])
    rows = []
    for one in found:
        age = short_duration(now - one.last_ns) if one.last_ns is not None else "—"
        row = [safe(one.key.label), _number(one.last, one.unit), one.unit or "—", age]
        if spread is not None:
            mean, low, high = spread.get(one.key, (None, None, None))
            row += [_number(value, one.unit) for value in (low, mean, high)]
        rows.append(row)
    print_table(head, rows)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    return f"{value:.0f}" if unit.startswith("bytes") or value >= 1000 else f"{value:.2f}"


def _as_fields(one: Series, points: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "metric": one.key.metric,
        "tags": dict(one.key.tags),
        "service": one.key.service,
        "kind": one.kind.value,
        "unit": one.unit,
        "value": one.last,
        "at": iso(one.last_ns) if one.last_ns is not None else None,
    }
    if points:
        fields["points"] = [
            {"at": iso(p.start_ns), "mean": p.mean, "low": p.low, "high": p.high} for p in one.points
        ]
    return fields
