"""`pake-tui trace ID`: every record of one correlation ID, over all services, in time order.

Exit codes: 0 found · 1 no record has this ID · 2 a file that can't be read. With `--json` one record per line
in the shape of `pake-tui logs --json`. What is missing or odd is said on standard error.
"""

from __future__ import annotations

import argparse
import sys
import threading

from pake_tui.cli.logprint import Printer
from pake_tui.cli.logs import add_source_arguments, form_of, open_source
from pake_tui.model.record import Trace
from pake_tui.records.rowtext import trace_lines
from pake_tui.text.safe import safe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The ID and where to look."""
    parser.epilog = "exit codes: 0 found · 1 no record has this ID · 2 unreadable file"
    parser.add_argument(
        "id", metavar="ID", help="a correlation ID, or the first eight characters or more of it"
    )
    add_source_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print the trace; the exit code."""
    source = open_source(options, complains=False)
    try:
        trace = Trace(options.id)
        for trace in source.trace(options.id, threading.Event()):  # noqa: B007 - the last one is whole
            pass
    finally:
        source.close()
    if form_of(options) != "text":
        Printer(form_of(options), zone=source.zone, assumed_zone=source.assumed_zone).rows(trace.rows)
    elif trace.rows:
        print("\n".join(trace_lines(trace, source.zone)))
    if not trace.rows:
        print(f"pake-tui: no record has the ID {safe(options.id)}", file=sys.stderr)
    for note in trace.notes:
        print(f"pake-tui: {safe(note)}", file=sys.stderr)
    return 0 if trace.rows else 1
