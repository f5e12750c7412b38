"""What several commands share: tables, and spans of time as arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len

from pake_tui.clock import parse_duration
from pake_tui.engine.store.hours import KEEP_HOURS_NS


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; nothing is cut, since a script may read it."""
    table = [*([head] if head else []), *rows]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


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
