"""One log file held open: its identity, its bytes, and how its lines are read.

A tape keeps its descriptor, so a file that was renamed or deleted is still read to its end.
"""

from __future__ import annotations

import codecs
import os
import stat
import threading
import weakref
import zlib
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, tzinfo
from operator import itemgetter

from msgspec import Struct

from pake_tui.clock import SECOND, now_ns
from pake_tui.engine.logfiles import unpack
from pake_tui.records.aliases import CORRELATION_IDS
from pake_tui.records.custom import Format
from pake_tui.records.parser import Parser
from pake_tui.text.own import NOTHING, Own

SAMPLE_BYTES = 64 * 1024
SAMPLE_LINES = 200
HEAD_BYTES = 64
RECORD_BYTES = 256 * 1024
UTF16_BYTES = 64 * 1024 * 1024
REST_UNREAD = (
    "pake-tui: of a file in UTF-16 the first 64 MiB are read, what follows here is not; "
    "to read it all: iconv -f UTF-16 -t UTF-8\n"
)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CODEC_BYTES = 1024
"""From so many first bytes it is told whether a file is UTF-16."""


class Reading(Struct, frozen=True):
    """How files are read: the zone of times that state none, ID aliases, and bytes of one record shown."""

    assumed_zone: tzinfo = UTC
    aliases: tuple[str, ...] = CORRELATION_IDS
    record_bytes: int = RECORD_BYTES
    unpacked_bytes: int = unpack.UNPACKED_BYTES
    """What all compressed files of this user may have unpacked."""
    formats: tuple[Format, ...] = ()
    """The user's own."""
    own: Own = NOTHING
    """What is secret beside what always is."""


def key_of(facts: os.stat_result) -> str:
    """The identity of a file: device and inode, stable under rename."""
    return f"{facts.st_dev:x}-{facts.st_ino:x}"


def _plain(descriptor: int, path: str, reading: Reading, stopped: Callable[[], bool] | None) -> int:
    """The plain text of a compressed file, in the place of its own descriptor."""
    place = unpack.known(os.fstat(descriptor))
    if place is None and stopped is None:
        raise unpack.NotUnpacked(0, "is compressed and was not unpacked yet", path)
    if place is None:
        assert stopped is not None
        place = unpack.unpack(descriptor, path, reading.unpacked_bytes, stopped)
    plain = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    os.close(descriptor)
    return plain


class Tape:
    """A file open for reading. OSError where it can't be opened or is no regular file.

    Safe to share between threads. `path` follows renames; `service` is who writes it. A compressed file is
    unpacked, until `stopped` says so; with `stopped` None only one that was unpacked before can be read.
    """

    def __init__(
        self, path: str, service: str, reading: Reading, stopped: Callable[[], bool] | None = bool
    ) -> None:
        # O_NONBLOCK: a named pipe must not hold up whoever opens it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise IsADirectoryError(0, "is not a regular file", path)
        if unpack.packed_as(descriptor):
            try:
                descriptor = _plain(descriptor, path, reading, stopped)
            except BaseException:
                os.close(descriptor)
                raise
        weakref.finalize(self, os.close, descriptor)
        self.descriptor = descriptor
        self.path = path
        self.service = service
        self.reading = reading
        self.key = key_of(facts)
        self.begins_ns: int | None = None
        """The first time that its first lines state, once its parser is there."""
        self._written_ns = facts.st_mtime_ns
        self.marks: list[tuple[int, int]] = [(0, 0)]
        """(offset, newlines before it), rising: what is known of line numbers."""
        self._lock = threading.RLock()
        self._parser: Parser | None = None
        self._sampled = 0
        self._codec = _codec_of(os.pread(descriptor, CODEC_BYTES, 0))
        self._decoded = (-1, b"")
        self._size = os.fstat(descriptor).st_size
        self._head, self.origin = self._begins()
        """`origin` is a checksum of the first line, as far as `head` reads; 0 while that is being written."""

    def stat(self) -> os.stat_result:
        """The file's facts now."""
        return os.fstat(self.descriptor)

    @property
    def fallback_ns(self) -> int:
        """The time of records that inherit none: the first the file states, else that of its last write."""
        return self._written_ns if self.begins_ns is None else self.begins_ns

    @property
    def translated(self) -> bool:
        """Whether what is read is not what stands in the file: UTF-16."""
        return bool(self._codec)

    @property
    def size(self) -> int:
        """Bytes now (of UTF-16 files: as UTF-8)."""
        size = os.fstat(self.descriptor).st_size
        return len(self._utf8(size)) if self._codec else size

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from an offset; fewer at the end. b"" where the file shrank."""
        if self._codec:
            return self._utf8(os.fstat(self.descriptor).st_size)[offset : offset + count]
        pieces = []
        while count > 0 and (piece := os.pread(self.descriptor, count, offset)):
            pieces.append(piece)
            offset, count = offset + len(piece), count - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def head(self, count: int = HEAD_BYTES) -> tuple[int, int]:
        """How many first bytes there are, up to `count`, and their checksum: tells a rewritten file."""
        first = os.pread(self.descriptor, count, 0)
        return len(first), zlib.crc32(first)

    def _utf8(self, size: int) -> bytes:
        """A UTF-16 file's text as UTF-8, the first 64 MiB of it; made again when it has grown."""
        with self._lock:
            if self._decoded[0] != size:
                raw = os.pread(self.descriptor, min(size, UTF16_BYTES) & ~1, 0)
                text = raw.decode(self._codec, "replace")
                if size > UTF16_BYTES:
                    text = text[: text.rfind("\n") + 1] + REST_UNREAD
                self._decoded = (size, text.encode("utf-8", "replace"))
            return self._decoded[1]

    @property
    def format(self) -> str:
        """The family its lines belong to; empty while nobody has read any."""
        return self._parser.format if self._parser is not None else ""

    def parser(self) -> Parser:
        """The parser of its lines, told by the first of them; told anew while those were few."""
        with self._lock:
            size = self.size
            few = self._sampled < SAMPLE_BYTES // 4 and size > 2 * self._sampled
            if self._parser is None or few or size < self._sampled:
                data = self.read(0, SAMPLE_BYTES)
                self._sampled = len(data)
                lines = data.split(b"\n")[:SAMPLE_LINES]
                if len(lines) > 1 and len(data) == SAMPLE_BYTES:
                    lines.pop()
                self._parser = Parser(
                    [decoded(line, number == 0)[0] for number, line in enumerate(lines)],
                    assumed_zone=self.reading.assumed_zone,
                    aliases=self.reading.aliases,
                    now_ns=now_ns(),
                    service=self.service,
                    formats=self.reading.formats,
                    own=self.reading.own,
                )
                times = (self._parser.time_of(decoded(line)[0]) for line in lines)
                self.begins_ns = next((found for found in times if found is not None), None)
            return self._parser

    @property
    def parser_now(self) -> Parser:
        """The parser as it is, without looking at the file again."""
        return self._parser if self._parser is not None else self.parser()

    def check(self) -> None:
        """Look whether the file was cut or written anew; then what was learnt of its lines is void."""
        with self._lock:
            size = os.fstat(self.descriptor).st_size
            codec = self._codec
            if self._size < CODEC_BYTES and size != self._size:
                codec = _codec_of(os.pread(self.descriptor, CODEC_BYTES, 0))
            anew = size < self._size or self.head(self._head[0]) != self._head
            if anew or codec != self._codec:
                self._parser, self._sampled, self._decoded = None, 0, (-1, b"")
                self.marks = [(0, 0)]
                self._codec = _codec_of(os.pread(self.descriptor, CODEC_BYTES, 0))
                self.begins_ns, self._written_ns = None, self.stat().st_mtime_ns
            self._size = size
            self._head, self.origin = self._begins()

    def _begins(self) -> tuple[tuple[int, int], int]:
        """Its head and its origin, read at once."""
        first = os.pread(self.descriptor, HEAD_BYTES, 0)
        line, newline, _ = first.partition(b"\n")
        whole = newline or len(first) == HEAD_BYTES
        return (len(first), zlib.crc32(first)), zlib.crc32(line) if whole else 0

    def line_at(self, offset: int, near: tuple[int, int] = (0, 0)) -> int:
        """The 1-based number of the physical line that begins at an offset; counts newlines once.

        `near` is an offset before it, with the newlines before that, if any is known.
        """
        with self._lock:
            marked = self.marks[bisect_right(self.marks, offset, key=itemgetter(0)) - 1]
            at, newlines = max(near, marked)
            while at < offset and (piece := self.read(at, min(1 << 20, offset - at))):
                newlines += piece.count(b"\n")
                at += len(piece)
            self.learn(at, newlines)
            return newlines + 1

    def learn(self, offset: int, newlines: int) -> None:
        """So many newlines stand before an offset: somebody counted them."""
        with self._lock:
            if offset > self.marks[-1][0]:
                self.marks.append((offset, newlines))
                del self.marks[1:-1000]

    def age(self) -> float:
        """Seconds since the last write, by this machine's clock; negative where clocks are apart."""
        return (now_ns() - self.stat().st_mtime_ns) / SECOND


def _codec_of(first: bytes) -> str:
    """UTF-16 where the first bytes of a file tell it by their mark, or by NULs in every second place."""
    if marked := _UTF16.get(first[:2]):
        return marked
    first = first[: len(first) & ~1]
    for half, codec in ((first[1::2], "utf-16-le"), (first[::2], "utf-16-be")):
        # Nearly all letters of logs are below U+0100, and none is U+0000.
        nuls = half.count(0)
        if nuls > 1 and nuls == first.count(0) and 4 * nuls > 3 * len(half):
            return codec
    return ""


def decoded(raw: bytes, first: bool = False) -> tuple[str, int]:
    """A line as text without its CR (and BOM, on the first line), and how many bytes could not be decoded."""
    if raw.endswith(b"\r"):
        raw = raw[:-1]
    if first and raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    try:
        return raw.decode(), 0
    except UnicodeDecodeError:
        text = raw.decode(errors="replace")
        return text, text.count("\ufffd") - raw.count(b"\xef\xbf\xbd")
