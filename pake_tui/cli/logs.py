"""`pake-tui logs`: print, filter and follow log records without the console.

Exit codes: 0 something was printed · 1 no record matches · 2 a wrong query, or a file that can't be read.
With `--json` one record per line: `line, lines, timestamp, level, service, logger, message,
correlation_id, fields, file`; `line` is its first physical line, where `--file` names the files, `lines`
how many it has; with `-C` what only surrounds a hit has `"matched": false`. All text is masked.
"""

from __future__ import annotations

import argparse
import atexit
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pake_tui import paths
from pake_tui.cli.explain import explain
from pake_tui.cli.logprint import FORMATS, Printer, print_query_error
from pake_tui.engine.logfiles.configured import log_settings
from pake_tui.engine.logfiles.discover import GLOBS
from pake_tui.engine.logfiles.streams import Streams
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.state import StateStore
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError, LogError, StoreError
from pake_tui.model.record import Cursor, Direction, LogBatch, LogRow, RowKind
from pake_tui.query import QueryError, from_flags
from pake_tui.query.around import with_context
from pake_tui.query.values import values_of
from pake_tui.sources.embedded.logs import EmbeddedLogSource
from pake_tui.text.safe import safe

LAST = 100
LOOKED_AT = 1_000
"""So many records tell which fields there are."""
LOOK_S, QUIET_LOOK_S = 0.1, 1.0
"""So often files are looked at, and where the system would tell of a change."""
MOST_PROBLEMS = 5
MOST_SAID = 1_000
ARRIVALS = 10_000
EVERYTHING = sys.maxsize
_ASSIGNED = re.compile(r"([A-Za-z_][\w.]{0,63})!?=(\S+)")
NUMBERED = ("json", "csv")
"""Formats that print line numbers."""
GRAMMAR = """the query: terms are AND, OR and ( ) as usual, -term drops
  word "a phrase" ~regex        anywhere in the line
  level>=warning level:error    service:api    cid:req-1234    cid:req-*
  field:value field:"two words" field:pre* field>250 field~regex field:?
  since:15m until:14:03 at:14:03
exit codes: 0 something was printed · 1 no record matches · 2 wrong query or unreadable file"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The query, its flags, and which files."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = GRAMMAR
    parser.add_argument("query", nargs="*", metavar="QUERY", help="which records, see below")
    parser.add_argument("-f", "--follow", action="store_true", help="go on printing what comes")
    parser.add_argument("--all", action="store_true", help="all records, oldest first")
    parser.add_argument("-n", type=_count, default=LAST, metavar="N", help=f"the last N records ({LAST})")
    parser.add_argument("-C", "--context", type=_count, default=0, metavar="N", help="N records around each")
    parser.add_argument("--explain", action="store_true", help="say as what each file is read, and why")
    parser.add_argument("--cid", default="", metavar="ID", help="a correlation ID, by any of its names")
    parser.add_argument("--level", default="", metavar="LEVEL", help="this level and above")
    parser.add_argument("--service", default="", metavar="NAME", help="one service")
    parser.add_argument("--since", default="", metavar="TIME", help="15m, 14:03, 2026-03-01T14:03, today")
    parser.add_argument("--until", default="", metavar="TIME", help="like --since")
    parser.add_argument("--not", dest="not_", action="append", default=[], metavar="TERM", help="drop these")
    add_source_arguments(parser)


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, and how to print."""
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        metavar="FILE",
        help="just this file or glob, - for standard input, journal: for systemd's; repeatable",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (text)")
    parser.add_argument("--json", action="store_true", help="print JSON lines: --format json")


def form_of(options: argparse.Namespace) -> str:
    """The format that the options ask for."""
    return "json" if options.json else str(options.format)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{safe(text)!r} is no number of records; 0 or more")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Print; the exit code."""
    flags = from_flags(
        options.cid, options.level, options.service, options.since, options.until, options.not_
    )
    query = " ".join(part for part in (*options.query, flags) if part)
    source = open_source(options)
    if options.explain:
        print("\n".join(line for tape in source.tapes() for line in explain(tape)))
        return 0
    said = {one.path for one in source.files().files if one.problem}
    printer = Printer(form_of(options), zone=source.zone, assumed_zone=source.assumed_zone)
    try:
        reader = _Reading(source, query, options.context)
        cursor, printed = _existing(reader, options, printer)
        if options.follow:
            _follow(reader, cursor, printer, said)
        if not printed:
            _say_unknown_fields(source, query)
            _say_meant(query)
        if printer.cut:
            whole = "record is" if printer.cut == 1 else "records are"
            about = f"{printer.cut:,} {whole} not printed whole; --format text says what is missing"
            print(f"pake-tui: {about}", file=sys.stderr)
    except QueryError as error:
        print_query_error(query, error)
        return 2
    finally:
        source.close()
    return 2 if options.file and said else 0 if printed else 1


def _say_unknown_fields(source: EmbeddedLogSource, query: str) -> None:
    """Say, where nothing matched, which fields of the query none of the newest records has."""
    asked = source.parse(query).fields_named
    if not asked:
        return
    batches = source.read("", None, Direction.OLDER, LOOKED_AT, threading.Event())
    records = [row.record for batch in batches for row in batch.rows if row.kind is RowKind.RECORD]
    for name in sorted(asked) if records else ():
        if not any(True for record in records for _ in values_of(record, name)):
            about = f"none of the newest {len(records):,} records has the field {safe(name)}"
            print(f"pake-tui: {about}", file=sys.stderr)


def _say_meant(query: str) -> None:
    """Say, where nothing matched, what was looked for as text and may have been meant otherwise."""
    for word in query.split():
        if found := _ASSIGNED.fullmatch(word):
            about = f"{word} was looked for as text; a field's value is asked for by {found[1]}:{found[2]}"
            print(f"pake-tui: {safe(about)}", file=sys.stderr)
        elif word == "NOT":
            print("pake-tui: NOT was looked for as text; -term drops what matches a term", file=sys.stderr)


def open_source(options: argparse.Namespace, *, complains: bool = True) -> EmbeddedLogSource:
    """The source the options name; what can't be read is said on standard error, unless somebody else says it
    (`complains`). LogError if nothing can be read.
    """
    streams = Streams()
    atexit.register(streams.close)
    options.file = streams.files(options.file)
    if not getattr(options, "follow", False):
        streams.wait()
    source = _source(options)
    found = source.files()
    files = found.files
    problems = [one.problem for one in files if one.problem]
    # Whoever follows may wait for a file that is not there yet.
    awaited = getattr(options, "follow", False) and not any(
        paths.holds(Path(one.path).exists) for one in files
    )
    if options.file and problems and len(problems) == len(files) and not awaited:
        source.close()
        raise LogError("; ".join(safe(problem) for problem in problems))
    if not complains:
        problems = []
    for problem in problems[:MOST_PROBLEMS]:
        print(f"pake-tui: not read: {safe(problem)}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS:
        print(f"pake-tui: not read: {len(problems) - MOST_PROBLEMS} more files", file=sys.stderr)
    if not files:
        named = " or ".join(safe(pattern) for pattern in options.file)
        if not named and found.origin == GLOBS:
            named = "what logs: names"
        nothing = f"no file matches {named}" if named else "no log files here"
        print(f"pake-tui: {nothing}; name some with --file, or with logs: in pake.yaml", file=sys.stderr)
    return source


def _source(options: argparse.Namespace) -> EmbeddedLogSource:
    """Named files alone, else what loggers registered and the configuration names."""
    settings = _settings(options)
    how = log_settings(settings)
    if options.file:
        return EmbeddedLogSource(
            files=options.file,
            settings=lambda: how,
            numbers=form_of(options) in NUMBERED,
            worker=False,
            unpacks=True,
        )
    state = StateStore(paths.state_folder(create=False).path, read_only=True)

    def registered() -> list[tuple[str, str]]:
        try:
            return [(row.service, str(row.path)) for row in state.loggers.paths()]
        except StoreError:
            return []

    return EmbeddedLogSource(
        globs=lambda: settings.logs,
        registered=registered,
        settings=lambda: how,
        worker=False,
        unpacks=_wants_all(options),
    )


def _settings(options: argparse.Namespace) -> Settings:
    """The configuration's settings; for named files those of a broken one do not matter, unless it says what
    is secret. ConfigError.
    """
    path = options.config or paths.find_config()
    try:
        return LiveSettings(path, use_env=False, validators=VALIDATORS).current
    except ConfigError as error:
        if not options.file or options.config is not None or _names_secrets(path):
            raise
        print(f"pake-tui: {safe(str(error))}; read without it", file=sys.stderr)
        return Settings()


def _names_secrets(path: Path | None) -> bool:
    """Whether a configuration that cannot be obeyed names secrets of its own, or nobody can tell."""
    try:
        return path is not None and b"masking" in path.read_bytes()
    except OSError:
        return True


def _wants_all(options: argparse.Namespace) -> bool:
    """Whether older files count too, so that compressed ones are worth unpacking."""
    named = ("all", "since", "cid", "id")
    return any(getattr(options, name, False) for name in named)


class _Reading(Struct, frozen=True):
    """What is read: the records that match, with `context` neighbours around each."""

    source: EmbeddedLogSource
    query: str
    context: int

    def rows(self, start: Cursor | None, direction: Direction, limit: int) -> Iterator[LogBatch]:
        """Batches from a place on. QueryError."""
        source = self.source
        cancel = threading.Event()
        batches = source.read(self.query, start, direction, limit, cancel)
        if not self.context or not self.query.strip():
            return batches
        return with_context(batches, source.parse(self.query), self.context, source.read, cancel)


def _existing(reader: _Reading, options: argparse.Namespace, printer: Printer) -> tuple[Cursor, int]:
    """Print what is there: all, or the last N. Where it ends, and how many records it was."""
    if options.all:
        printed, cursor = 0, ""
        for batch in reader.rows(None, Direction.NEWER, EVERYTHING):
            printed += printer.rows(batch.rows)
            cursor = batch.cursor
        return cursor, printed
    (edge,) = reader.source.read("", None, Direction.OLDER, 0, threading.Event())
    batches = list(reader.rows(edge.cursor, Direction.OLDER, options.n))
    return edge.cursor, printer.rows(_oldest_first(batches))


def _oldest_first(batches: list[LogBatch]) -> list[LogRow]:
    return [row for batch in reversed(batches) for row in batch.rows]


def _follow(reader: _Reading, cursor: Cursor, printer: Printer, said: set[str]) -> None:
    """Print what comes, until interrupted. `said` are files of which it was said that they can't be read."""
    source, came, growth = reader.source, threading.Event(), -1
    source.watch(came.set)
    while True:
        for batch in reader.rows(cursor, Direction.NEWER, ARRIVALS):
            printer.rows(batch.rows)
            cursor = batch.cursor
        while growth == (growth := _growth(source, said)):
            came.wait(QUIET_LOOK_S if source.quiet() else LOOK_S)
            came.clear()


def _growth(source: EmbeddedLogSource, said: set[str]) -> int:
    """How far the files have grown; one that came and can't be read is said, once."""
    found = source.files()
    for one in found.files:
        # A name without a file is no more than a rotation under way.
        if one.problem and one.path not in said and len(said) < MOST_SAID and Path(one.path).exists():
            said.add(one.path)
            print(f"pake-tui: not read: {safe(one.problem)}", file=sys.stderr, flush=True)
    return found.growth
