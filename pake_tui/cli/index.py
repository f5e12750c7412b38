"""`pake-tui index`: what of the log files is indexed, build it, drop it.

Exit codes: 0 done · 1 nothing is indexed, or there was nothing to drop · 2 unreadable files, or no room.
`build` also indexes what the console would leave for being small; with `--json` one object a line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from pake_tui.cli.logs import open_source
from pake_tui.clock import now_ns, short_duration
from pake_tui.engine.logfiles.index import shelf
from pake_tui.sources.embedded.indexes import Indexed, build, drop, indexed
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.text.safe import safe

ACTIONS = ("status", "build", "drop")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which files."""
    parser.epilog = "exit codes: 0 done · 1 nothing to build or drop · 2 unreadable file, or no room"
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="status", help="status (default), build or drop"
    )
    parser.add_argument(
        "--file", action="append", default=[], metavar="FILE", help="just this file or glob; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit code. PakeError."""
    options.format = "text"
    if options.action == "drop" and not options.file:
        return _drop_all(options.json)
    source = open_source(options)
    try:
        if options.action == "build":
            for end, total, path in build(source):
                _progress(end, total, path)
            _progress(0, 0, "")
        elif options.action == "drop":
            dropped = drop(source)
            _print([{"dropped": dropped}], [f"{dropped} dropped"], options.json)
            return 0 if dropped else 1
        return _status(source, options.json)
    finally:
        source.close()


def _status(source: EmbeddedLogSource, as_json: bool) -> int:
    found = list(indexed(source))
    total = sum(one.size for one in shelf.held())
    documents = [
        {
            "file": one.path,
            "size": one.size,
            "covered": one.covered,
            "index": one.index_size,
            "used_ns": one.used_ns,
        }
        for one in found
    ]
    _print(
        [*documents, {"total": total, "folder": str(shelf.root())}],
        list(_lines(found, total, source.index_bytes)),
        as_json,
    )
    return 0 if any(one.covered for one in found) else 1


def _lines(found: list[Indexed], total: int, limit: int) -> Iterator[str]:
    for one in found:
        if one.small:
            yield f"{safe(one.path)}: {_amount(one.size)}, too small to need an index, searched directly"
            continue
        share = f"{100 * one.covered / one.size:.0f} %"
        if one.covered:
            age = short_duration(now_ns() - one.used_ns)
            share += f", index {_amount(one.index_size)}, used {age} ago"
        yield f"{safe(one.path)}: {_amount(one.size)}, indexed {share}"
    yield f"{_amount(total)} in {safe(str(shelf.root()))}; limit {_amount(limit)}"


def _drop_all(as_json: bool) -> int:
    dropped = sum(shelf.drop(one.key) for one in shelf.held())
    _print([{"dropped": dropped}], [f"{dropped} dropped"], as_json)
    return 0 if dropped else 1


def _print(documents: list[dict[str, object]], lines: list[str], as_json: bool) -> None:
    for line in (json.dumps(one) for one in documents) if as_json else lines:
        print(line)


def _progress(end: int, total: int, path: str) -> None:
    """How far it is, on a terminal only; nothing is left of it at the end."""
    if sys.stderr.isatty():
        text = f"{100 * end // total} % of {safe(path)}" if total else ""
        print(f"\r{text[:78]:78}\r", end="", file=sys.stderr, flush=True)


def _amount(count: int) -> str:
    for size, unit in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"
