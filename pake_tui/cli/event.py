"""`pake-tui event TEXT`: a mark on every chart, for scripts that deploy or restart something.

With `--list` the marks of the last `--since`, with `--json` one per line: `at, title, service`. Exit codes: 0
done · 1 there is none · 2 it could not be kept.
"""

from __future__ import annotations

import argparse
import json

from pake_tui.cli.common import folder_to_change, print_table, since
from pake_tui.cli.reading import open_reading
from pake_tui.clock import DAY, iso, now_ns
from pake_tui.engine.monitoring.identity import MOST_TITLE, clean
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.model.sample import Mark
from pake_tui.text.safe import safe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The text, the service, or --list."""
    parser.add_argument("text", nargs="*", metavar="TEXT", help="what happened, e.g. deployed 2.4.1")
    parser.add_argument("--service", default="", metavar="NAME", help="to which service")
    parser.add_argument("--list", action="store_true", help="print the marks instead")
    parser.add_argument("--since", type=since, default=DAY, metavar="SPAN", help="how far back (24h)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(options: argparse.Namespace) -> int:
    """Keep or list; the exit code."""
    if options.list or not options.text:
        return _list(options)
    folder = folder_to_change(options, "nothing is kept")
    title = clean(" ".join(options.text), MOST_TITLE)
    MetricsStore(folder).marks.add(Mark(now_ns(), title, options.service))
    print(f"marked: {safe(title)}")
    return 0


def _list(options: argparse.Namespace) -> int:
    now = now_ns()
    found = open_reading().metrics.marks.list(now - options.since, now)
    if options.json:
        for one in found:
            print(json.dumps({"at": iso(one.at_ns), "title": one.title, "service": one.service}))
    elif found:
        rows = [
            (iso(one.at_ns, timespec="seconds"), safe(one.service) or "—", safe(one.title)) for one in found
        ]
        print_table(("AT", "SERVICE", "WHAT"), rows)
    else:
        print("nothing was marked")
    return 0 if found else 1
