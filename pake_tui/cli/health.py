"""`pake-tui health`: health checks, with the exit code of a monitoring plugin.

Exit codes: 0 healthy · 1 degraded · 2 unhealthy · 3 unknown, or any error of its own. With `--json` one check
per line: `name, state, message, owner, since, checked, next, latency_ms, interval_s, details`. Times are ISO
8601 in UTC. Without a running collector the host is sampled once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from pake_tui.cli.common import print_table
from pake_tui.cli.reading import Reading, open_reading, sample_once, settings_of
from pake_tui.clock import iso, now_ns, short_duration
from pake_tui.engine.monitoring import checks
from pake_tui.errors import ConfigError
from pake_tui.model.check import HealthAnswer, HealthCheck, HealthState
from pake_tui.model.sample import CollectorMode, Freshness
from pake_tui.sources.embedded.health import EmbeddedHealthSource
from pake_tui.text.safe import safe

EXIT_CODES = "exit codes: 0 healthy · 1 degraded · 2 unhealthy · 3 unknown, or an error of its own"
UNKNOWN = HealthState.UNKNOWN.exit_code


class PluginParser(argparse.ArgumentParser):
    """Wrong usage ends with 3: argparse's own 2 would say that something is unhealthy."""

    def error(self, message: str) -> NoReturn:
        """Usage and message on standard error."""
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, f"{self.prog}: error: {message}\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what is left over here: the parser around this one would refuse it with 2."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Names and --json."""
    parser.__class__ = PluginParser
    parser.epilog = EXIT_CODES
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these checks")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(options: argparse.Namespace) -> int:
    """Print them; the worst state's exit code."""
    try:
        return _run(options)
    except BrokenPipeError:
        raise
    except Exception as error:
        print(f"pake-tui: {safe(str(error) or type(error).__name__)}", file=sys.stderr)
        for problem in error.problems if isinstance(error, ConfigError) else ():
            print(f"  {safe(str(problem))}", file=sys.stderr)
        return UNKNOWN


def _run(options: argparse.Namespace) -> int:
    reading = open_reading()
    rows = (
        _with_collector(reading)
        if reading.collector.mode is not CollectorMode.NONE
        else _once(options, reading)
    )
    for name in options.names:
        if name not in {row.name for row in rows}:
            print(f"pake-tui: no health check {safe(name)!r} (pake-tui health lists them)", file=sys.stderr)
            return UNKNOWN
    answer = HealthAnswer(
        tuple(row for row in rows if not options.names or row.name in options.names), Freshness(now_ns())
    )
    if options.json:
        for row in answer.checks:
            print(json.dumps(as_fields(row), default=str))
    else:
        _print(answer)
    return answer.worst.exit_code


def as_fields(row: HealthCheck) -> dict[str, object]:
    """A check as `--json` prints it."""
    return {
        "name": row.name,
        "state": row.state.word,
        "message": row.message,
        "owner": row.owner,
        "since": iso(row.since_ns) if row.since_ns is not None else None,
        "checked": iso(row.checked_ns) if row.checked_ns is not None else None,
        "next": iso(row.next_ns) if row.next_ns is not None else None,
        "latency_ms": row.latency_ms,
        "interval_s": row.interval_s,
        "details": dict(row.details),
    }


def _with_collector(reading: Reading) -> Sequence[HealthCheck]:
    return EmbeddedHealthSource(reading.state, reading.metrics).checks().checks


def _once(options: argparse.Namespace, reading: Reading) -> Sequence[HealthCheck]:
    """The host from one sample of its own, and what applications stored."""
    print("pake-tui: no collector runs; the host was sampled once", file=sys.stderr)
    limits = settings_of(options, reading.state).monitoring
    sample, now = sample_once(), now_ns()
    rows = checks.host_checks(
        sample.values, memory_limit=limits.memory_threshold_percent, disk_limit=limits.disk_threshold_percent
    )
    rows += checks.engine_checks((), sample.problems)
    own = (checks.HOST, checks.ENGINE)
    stored = [row for row in reading.metrics.health.list() if row.owner not in own]
    return checks.merged((*checks.timed(rows, now, limits.collection_interval_seconds), *stored), now)


def _print(answer: HealthAnswer) -> None:
    now = now_ns()
    rows = [
        (
            row.state.word,
            safe(row.name),
            short_duration(now - row.since_ns) if row.since_ns is not None else "—",
            f"{row.latency_ms:.0f} ms" if row.latency_ms is not None else "—",
            safe(row.message),
        )
        for row in answer.checks
    ]
    if rows:
        print_table(("STATE", "CHECK", "SINCE", "LATENCY", "MESSAGE"), rows)
    counts = [(answer.count(state), state.word) for state in HealthState]
    print(", ".join(f"{count} {word}" for count, word in counts if count) or "no checks")
