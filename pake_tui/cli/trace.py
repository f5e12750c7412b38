"""`pake-tui trace ID`: every record of one correlation ID, over all services, in time order.

Exit codes: 0 found · 1 no record has this ID · 2 a file that can't be read. With `--json` one record per line
in the shape of `pake-tui logs --json`. What is missing or odd is said on standard error.
"""

from __future__ import annotations

import argparse
import sys
import threading

from pake_tui.cli.logprint import Printer, columns_of, fields_text
from pake_tui.cli.logs import add_source_arguments, open_source
from pake_tui.clock import SECOND
from pake_tui.model.record import LogRow, Trace
from pake_tui.text.safe import safe

GAP_NS = SECOND


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The ID and where to look."""
    parser.epilog = "exit codes: 0 found · 1 no record has this ID · 2 unreadable file"
    parser.add_argument(
        "id", metavar="ID", help="a correlation ID, or the first eight characters or more of it"
    )
    add_source_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print the trace; the exit code."""
    source = open_source(options)
    try:
        trace = Trace(options.id)
        for trace in source.trace(options.id, threading.Event()):  # noqa: B007 - the last one is whole
            pass
    finally:
        source.close()
    if options.json:
        Printer(as_json=True, zone=source.zone, assumed_zone=source.assumed_zone).rows(trace.rows)
    elif trace.rows:
        print("\n".join(trace_lines(trace)))
    if not trace.rows:
        print(f"pake-tui: no record has the ID {safe(options.id)}", file=sys.stderr)
    for note in trace.notes:
        print(f"pake-tui: {safe(note)}", file=sys.stderr)
    return 0 if trace.rows else 1


def trace_lines(trace: Trace) -> list[str]:
    """The trace as safe text: a summary, then each record with its distance from the first, gaps between."""
    times = [row.record.time_ns for row in trace.rows if row.record.time_ns is not None]
    first = times[0] if times else 0
    lines = [_summary(trace, first, max(times, default=0))]
    last = first
    for row in trace.rows:
        time_ns = row.record.time_ns if row.record.time_ns is not None else last
        if time_ns - last > GAP_NS:
            lines.append(f"     ···  gap {(time_ns - last) / SECOND:.2f} s")
        last = time_ns
        lines += _row(row, time_ns - first)
    return lines


def _summary(trace: Trace, first: int, last: int) -> str:
    services = {row.record.service for row in trace.rows if row.record.service}
    words = [
        f"{len(trace.rows)} record{'s' if len(trace.rows) != 1 else ''}",
        f"{len(services)} service{'s' if len(services) != 1 else ''}",
        f"{(last - first) / SECOND:.2f} s",
    ]
    if (number := trace.first_error) is not None:
        row = trace.rows[number]
        since = "" if row.record.time_ns is None else f" at +{(row.record.time_ns - first) / SECOND:.3f} s"
        words.append(f"first error{since} in {row.record.service or '-'}")
    return safe(f"{trace.correlation_id}  {' · '.join(words)}")


def _row(row: LogRow, since: int) -> list[str]:
    message, *rest = row.record.message.split("\n")
    level, service, _ = columns_of(row.record)
    columns = [f"{since / SECOND:+10.3f}", service, level, message, fields_text(row.record.fields)]
    return [
        safe(" ".join(column for column in columns if column.strip())),
        *(safe(f"    {one}") for one in rest),
    ]
