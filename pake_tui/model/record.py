"""Log records, rows and traces: what a line of a log file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum

from msgspec import Struct, field


class Level(IntEnum):
    """The five levels; numbers as in the standard library's logging."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50

    @property
    def word(self) -> str:
        """The level in lower case, as files and queries spell it."""
        return self.name.lower()


class Record(Struct, frozen=True):
    """One parsed record. Inside the product every text in it is masked; `text` is the whole masked record.

    `time_ns` is UTC; `utc_offset_s` is what the line stated, None where it stated no zone (then
    `time_ns` was computed with the assumed zone). `year_assumed` marks times whose year was guessed.
    """

    message: str
    text: str
    time_ns: int | None = None
    utc_offset_s: int | None = None
    year_assumed: bool = False
    level: Level | None = None
    service: str | None = None
    logger: str | None = None
    correlation_id: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    format: str = "plain"
    skipped: str = ""
    """What of the line is not shown and why (too long, undecodable bytes); empty where nothing is missing."""


class Address(Struct, frozen=True, order=True):
    """Where a record lies: the file's key (stable under rename), its first byte, and its part of the line.

    `origin` tells the contents of a file that was cut or written anew from those it had before.
    """

    file: str
    offset: int
    part: int = 0
    origin: int = 0


Cursor = str
"""An opaque place between two records of a merged view; only the source that made it can read it."""


class RowKind(Enum):
    """A row is a record or a thin ruler that tells of an event between records."""

    RECORD = "record"
    RULER = "ruler"


class LogRow(Struct, frozen=True):
    """One row of a log view. `before` and `after` are the places on either side of it."""

    kind: RowKind
    address: Address
    record: Record
    path: str
    before: Cursor
    after: Cursor
    line: int | None = None
    """1-based first physical line, known only where the file was read from its start."""
    lines: int = 1
    """Physical lines the record covers."""
    matched: bool = True
    """False for rows shown around hits, or lit-down by `&`."""


class Direction(Enum):
    """Which way a read goes from its cursor."""

    OLDER = "older"
    NEWER = "newer"


class LogBatch(Struct, frozen=True):
    """A piece of a long read. Rows stand in the order of the view, oldest first within the batch.

    `scanned_bytes` of `total_bytes` is progress; `cursor` is where the read stands now; `done` marks
    the last batch and `at_end` that there is nothing further in that direction.
    """

    rows: tuple[LogRow, ...]
    cursor: Cursor
    scanned_bytes: int = 0
    total_bytes: int = 0
    hits: int = 0
    done: bool = False
    at_end: bool = False


class LogFile(Struct, frozen=True):
    """A file of the view. `problem` says why it can't be read and the way out; empty where it can."""

    key: str
    path: str
    service: str
    size: int
    format: str = ""
    problem: str = ""


class IndexStatus(Struct, frozen=True):
    """How much of the files that deserve an index has one. `problem` says why it goes no further."""

    indexed_bytes: int = 0
    total_bytes: int = 0
    building: bool = False
    problem: str = ""


class LogFiles(Struct, frozen=True):
    """The files of the view, where they came from, and a number that changes when any of them grew."""

    files: tuple[LogFile, ...]
    growth: int
    origin: str = ""
    index: IndexStatus = IndexStatus()
    read_as: int = 0
    """Another number than before: what was read is read otherwise now, so it has to be read again."""
    held: bool = False
    """Whether a record waits a moment, since it may get more lines, or a file that left is still read."""
    named: tuple[str, ...] = ()
    """The files and globs that were asked for, and no others are read; empty where nobody named any."""

    @property
    def total_bytes(self) -> int:
        """Bytes in all readable files."""
        return sum(one.size for one in self.files if not one.problem)


class RecordDetail(Struct, frozen=True):
    """One record whole: its row, its raw text (masked and safe), and its neighbours in its own file."""

    row: LogRow
    raw: str
    before: tuple[LogRow, ...] = ()
    after: tuple[LogRow, ...] = ()


class Trace(Struct, frozen=True):
    """All records of one correlation ID found so far, oldest first.

    `complete` says that every file was searched; `notes` tell what is missing or odd (clocks apart,
    unreadable files).
    """

    correlation_id: str
    rows: tuple[LogRow, ...] = ()
    complete: bool = False
    scanned_bytes: int = 0
    total_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def first_error(self) -> int | None:
        """Index of the first record at error or above."""
        for number, row in enumerate(self.rows):
            if row.record.level is not None and row.record.level >= Level.ERROR:
                return number
        return None


LEVEL_COLUMNS: tuple[Level | None, ...] = (None, *Level)
"""What the columns of a histogram count: records without a level, then debug to critical."""


class Histogram(Struct, frozen=True):
    """Records by time and level: `counts[n]` has one number for each of `LEVEL_COLUMNS`.

    Bucket n begins at `since_ns + n * bucket_ns`; a bucket is a whole number of minutes. Records count at the
    time at which they stand in the view; `covered_bytes` of `total_bytes` were looked at.
    """

    since_ns: int
    bucket_ns: int
    counts: tuple[tuple[int, ...], ...] = ()
    covered_bytes: int = 0
    total_bytes: int = 0

    @property
    def complete(self) -> bool:
        """Whether every file was counted whole."""
        return self.covered_bytes >= self.total_bytes
