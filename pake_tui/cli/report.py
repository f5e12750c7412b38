"""`pake-tui report`: health and alerts, what services measured, or how long disks and memory will last.

`monitoring` (default) · `performance` · `capacity`, as text, with `--markdown` for a ticket, or with `--json`
as one object. Times are ISO 8601 in UTC.

monitoring: `kind, host, generated_at, hours, health {health_percentage, healthy, degraded, unhealthy,
unknown, checks [{name, state, message, owner, checked, latency_ms, availability {24h, 7d, 30d}}]}, alerts
{firing, acknowledged, snoozed, active [...]}, system {metric: {unit, mean, low, high, last}}`.
performance: `..., services {service: {metric: {unit, mean, low, high, last}}}`.
capacity: `..., series [{series, unit, rule, threshold, state, now, per_day, per_day_low, per_day_high,
reached, earliest, latest, least_squares, seen_hours}]`; how it is reckoned stands in
`pake_tui.engine.monitoring.forecasts`. Availability is a share from 0 to 1, null where nothing is known.
"""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Iterable, Sequence
from typing import Any

from pake_tui.cli.common import print_table, since
from pake_tui.cli.reading import Reading, open_reading, settings_of
from pake_tui.clock import DAY, HOUR, iso, now_ns, short_duration
from pake_tui.engine.monitoring import reports
from pake_tui.engine.monitoring.capacity import Outlook, outlook
from pake_tui.engine.monitoring.rules import in_force
from pake_tui.sources.embedded.health import EmbeddedHealthSource
from pake_tui.text.safe import safe

KINDS = ("monitoring", "performance", "capacity")
SPANS = (("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY))
Report = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which one, over how long, in which form."""
    parser.add_argument(
        "kind", nargs="?", choices=KINDS, default="monitoring", help="monitoring if none is named"
    )
    parser.add_argument(
        "--since", type=since, default=DAY, metavar="SPAN", help="how far back, e.g. 2h (24h)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--markdown", action="store_true", help="print Markdown")


def run(options: argparse.Namespace) -> int:
    """Print it; the exit code."""
    reading, now = open_reading(), now_ns()
    report: Report = {
        "kind": options.kind,
        "host": socket.gethostname(),
        "generated_at": iso(now),
        "hours": options.since / HOUR,
    }
    if options.kind == "monitoring":
        report |= monitoring(reading, options.since, now)
    elif options.kind == "performance":
        report |= performance(reading, options.since)
    else:
        rules = in_force(settings_of(options, reading.state))
        report["series"] = [as_fields(one) for one in outlook(reading.metrics, rules, now)]
    if options.json:
        print(json.dumps(report))
        return 0
    print(f"{'# ' if options.markdown else ''}{report['host']}: {report['kind']}, {report['generated_at']}")
    for title, head, rows in sections(report, now):
        print(f"\n{'## ' if options.markdown else ''}{title}\n" if options.markdown else f"\n{title}")
        if not rows:
            print("nothing")
        elif options.markdown:
            print(markdown(head, rows))
        else:
            print_table(head, rows)
    return 0


def monitoring(reading: Reading, span_ns: int, now: int) -> Report:
    """Health with availability, open alerts, and the host's metrics."""
    source = EmbeddedHealthSource(reading.state, reading.metrics)
    health: Report = dict(reports.health(list(source.checks().checks)))
    for check in health["checks"]:
        history = source.history(check["name"], now - SPANS[-1][1])
        shares = {name: history.availability(now - span, now) for name, span in SPANS}
        check["availability"] = {
            name: None if share is None else round(share, 6) for name, share in shares.items()
        }
    return {
        "health": health,
        "alerts": reports.alerts_summary(list(reading.state.alerts.live())),
        "system": reports.system(reading.metrics, span_ns / HOUR)["metrics"],
    }


def performance(reading: Reading, span_ns: int) -> Report:
    """What each service measured."""
    services: dict[str, Report] = {}
    for key, summary in reports.summaries(reading.metrics, span_ns, lambda key: bool(key.service)):
        services.setdefault(key.service, {})[key.label.removeprefix(f"{key.service}/")] = summary
    return {"services": services}


def as_fields(one: Outlook) -> Report:
    """A series of the capacity report."""
    told = one.forecast

    def moment(at_ns: int | None) -> str | None:
        return None if at_ns is None else iso(at_ns, timespec="seconds")

    return {
        "series": one.key.label,
        "unit": one.unit,
        "rule": one.rule,
        "threshold": one.threshold,
        "state": told.state,
        "now": round(told.now, 4),
        "per_day": round(told.slope, 6),
        "per_day_low": round(told.slope_low, 6),
        "per_day_high": round(told.slope_high, 6),
        "reached": moment(told.eta_ns),
        "earliest": moment(told.earliest_ns),
        "latest": moment(told.latest_ns),
        "least_squares": moment(told.straight_ns),
        "seen_hours": round(told.seen_ns / HOUR, 1),
    }


Section = tuple[str, Sequence[str], list[tuple[str, ...]]]


def sections(report: Report, now: int) -> Iterable[Section]:
    """The tables of a report: title, head, rows."""
    if report["kind"] == "monitoring":
        checks: list[tuple[str, ...]] = [
            (
                one["state"],
                safe(one["name"]),
                *(_share(one["availability"][name]) for name, _ in SPANS),
                safe(one["message"]),
            )
            for one in report["health"]["checks"]
        ]
        yield "Health", ("STATE", "CHECK", "24 H", "7 D", "30 D", "MESSAGE"), checks
        alerts: list[tuple[str, ...]] = [
            (
                one["id"][:8],
                one["state"],
                one["severity"],
                safe(one["title"]),
                safe(one["acknowledged"]["by"]) if one["acknowledged"] else "—",
            )
            for one in report["alerts"]["active"]
        ]
        yield "Open alerts", ("ID", "STATE", "SEVERITY", "TITLE", "ACKNOWLEDGED BY"), alerts
        yield f"Host, {report['hours']:g} h", HEAD, _metrics(report["system"])
    elif report["kind"] == "performance":
        for service, metrics in report["services"].items():
            yield f"{safe(service)}, {report['hours']:g} h", HEAD, _metrics(metrics)
    else:
        yield "Capacity", CAPACITY, [_capacity(one, now) for one in report["series"]]


HEAD = ("METRIC", "UNIT", "MEAN", "LOW", "HIGH", "LAST")
CAPACITY = ("SERIES", "NOW", "THRESHOLD", "A DAY", "REACHED IN", "95 % BETWEEN", "LEAST SQUARES", "SEEN")


def _metrics(metrics: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (safe(name), one["unit"] or "—", *(_number(one[part]) for part in ("mean", "low", "high", "last")))
        for name, one in metrics.items()
    ]


def _capacity(one: Report, now: int) -> tuple[str, ...]:
    band = "—"
    if one["earliest"]:
        band = f"{_until(one['earliest'], now)} – {_until(one['latest'], now) if one['latest'] else '?'}"
    reached = _until(one["reached"], now) if one["reached"] else one["state"]
    if one["state"] == "reached":
        reached = "reached"
    return (
        safe(one["series"]),
        _number(one["now"]),
        _number(one["threshold"]),
        f"{one['per_day']:+.3g}" if one["state"] in ("rising", "falling") else "—",
        reached,
        band,
        _until(one["least_squares"], now) if one["least_squares"] else "never",
        f"{one['seen_hours']:g} h",
    )


def _until(moment: str, now: int) -> str:
    from datetime import datetime

    at_ns = int(datetime.fromisoformat(moment).timestamp()) * 1_000_000_000
    return short_duration(max(0, at_ns - now))


def _share(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.2f} %"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; what is in a cell ends it nowhere."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
