"""`pake-tui alerts test RULE`: when a rule would have fired, by the history that there is.

Values are the means of equal steps: of the rule's interval within the last hour, of minutes beyond. With
`--json` a line for each firing: `rule, series, true_since, fired, cleared, worst`; times are ISO 8601 in UTC,
`cleared` is null where it would still stand open. Exit codes: 0 judged · 1 no such rule, or nothing to judge.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from pake_tui.cli.common import print_table, since
from pake_tui.cli.reading import open_reading, settings_of
from pake_tui.clock import HOUR, MINUTE, SECOND, iso, now_ns, short_duration
from pake_tui.engine.monitoring.replay import Firing, replay
from pake_tui.engine.monitoring.rules import Rule, in_force
from pake_tui.engine.settings.values import nearest
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.check import HEALTH, LEVELS
from pake_tui.model.sample import Bucket, MetricKind, Series, SeriesKey
from pake_tui.text.safe import safe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The rule and how far back."""
    parser.add_argument("rule", metavar="RULE", help="a rule's name; cpu_percent and its like are built in")
    parser.add_argument(
        "--since",
        type=since,
        default=6 * HOUR,
        metavar="SPAN",
        help="how far back, e.g. 1h or 2d (6h)",
    )


def run(options: argparse.Namespace) -> int:
    """Judge the history; the exit code."""
    reading = open_reading()
    settings = settings_of(options, reading.state)
    rules = {rule.name: rule for rule in in_force(settings)}
    rule = rules.get(options.rule)
    if rule is not None and rule.query:
        print(
            "pake-tui: rules on log lines are not replayed; `pake-tui logs` finds the lines", file=sys.stderr
        )
        return 1
    if rule is None:
        near = nearest(options.rule, list(rules))
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(rules))}"
        print(f"pake-tui: there is no rule {safe(options.rule)}; {safe(hint)}", file=sys.stderr)
        return 1
    step = rule.interval_ns or int(settings.monitoring.collection_interval_seconds * SECOND)
    step = step if options.since <= HOUR else max(step, MINUTE)
    found = history(reading.metrics, rule, options.since, step)
    if not found:
        print(f"pake-tui: no series of {safe(rule.metric)} with these tags was recorded", file=sys.stderr)
        return 1
    firings = [(one, firing) for one in found for firing in fired(rule, one, step)]
    if getattr(options, "json", False):
        for one, firing in firings:
            print(json.dumps(as_fields(rule, one, firing)))
        return 0
    say(rule, found, firings, options.since, step)
    return 0


def history(store: MetricsStore, rule: Rule, since_ns: int, step_ns: int) -> list[Series]:
    """The series that a rule judges, in steps."""
    if rule.metric == HEALTH:
        return _states(store, rule, since_ns, step_ns)
    keys = sorted(key for key in store.catalog() if rule.matches(key))
    now = now_ns()
    return store.series(keys, now - since_ns, now, max(1, since_ns // step_ns)) if keys else []


def _states(store: MetricsStore, rule: Rule, since_ns: int, step_ns: int) -> list[Series]:
    """What a check's states were, as a series of levels."""
    check, now, cells = dict(rule.tags)["check"], now_ns(), max(1, since_ns // step_ns)
    found = store.health.spans(check, now - since_ns)
    if not found.spans:
        return []
    levels = [
        LEVELS.get(state) if state is not None else None for state in found.strip(now - since_ns, now, cells)
    ]
    starts = (now - since_ns + number * step_ns for number in range(cells))
    points = tuple(Bucket(at, level, level, level) for at, level in zip(starts, levels, strict=True))
    return [Series(SeriesKey(HEALTH, rule.tags), MetricKind.GAUGE, "", points, levels[-1], now)]


def fired(rule: Rule, one: Series, step_ns: int) -> list[Firing]:
    """When a rule would have fired for a series."""
    return replay(rule, ((point.start_ns, point.mean) for point in one.points), step_ns)


def as_fields(rule: Rule, one: Series, firing: Firing) -> dict[str, object]:
    """A firing as `--json` prints it."""
    return {
        "rule": rule.name,
        "series": one.key.label,
        "true_since": iso(firing.true_ns),
        "fired": iso(firing.fired_ns),
        "cleared": iso(firing.cleared_ns) if firing.cleared_ns is not None else None,
        "worst": firing.worst,
    }


def say(
    rule: Rule, found: Sequence[Series], firings: Sequence[tuple[Series, Firing]], since_ns: int, step_ns: int
) -> None:
    """What was judged, each firing, and how often."""
    lasting = f" for {short_duration(rule.for_ns)}" if rule.for_ns else ""
    told = f"{safe(rule.metric)} {rule.op} {rule.threshold:g}"
    print(f"{safe(rule.name)}: {safe(rule.said) or told}{lasting}, {rule.severity.word}")
    steps = [point.mean is not None for one in found for point in one.points]
    share = 100 * sum(steps) // max(1, len(steps))
    past = f"{short_duration(since_ns)}, judged every {short_duration(step_ns)}"
    print(f"{past}; there is data for {share} % of it in {len(found)} series")
    if firings:
        rows = [
            (
                safe(one.key.label),
                iso(firing.fired_ns, timespec="seconds"),
                iso(firing.cleared_ns, timespec="seconds") if firing.cleared_ns is not None else "still",
                short_duration((firing.cleared_ns or now_ns()) - firing.fired_ns),
                f"{firing.worst:.4g}",
            )
            for one, firing in firings
        ]
        print_table(("SERIES", "FIRED", "CLEARED", "LASTED", "WORST"), rows)
    times = "once" if len(firings) == 1 else f"{len(firings)} times" if firings else "not once"
    print(f"would have fired {times}")
