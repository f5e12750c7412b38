"""What several commands share: tables, arguments, and the state folder of those that change something."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.cells import cell_len

from pake_tui import paths
from pake_tui.clock import parse_duration
from pake_tui.engine.store.hours import KEEP_HOURS_NS
from pake_tui.errors import PakeError, ReadOnlyError


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; nothing is cut, since a script may read it."""
    table = [*([head] if head else []), *rows]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json` of an action; its command has the same option before it."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON lines")


def folder_to_change(options: argparse.Namespace, refusal: str = "nothing is changed") -> Path:
    """The state folder, made where it is missing. ReadOnlyError that begins with `refusal`; PakeError."""
    if options.read_only:
        raise ReadOnlyError(f"{refusal}: --read-only")
    folder = paths.state_folder()
    if folder.problem:
        raise PakeError(folder.problem)
    return folder.path


def span(most_ns: int, limit: str) -> Callable[[str], int]:
    """The type of an argument such as `2h`: nanoseconds up to `most_ns`; for more, `limit` is said."""

    def read(text: str) -> int:
        try:
            found = parse_duration(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        if not 0 < found <= most_ns:
            raise argparse.ArgumentTypeError(f"{text} is out of range; {limit}")
        return found

    return read


since = span(KEEP_HOURS_NS, "samples are kept for 400d")
"""The type of `--since` where samples are asked for."""
