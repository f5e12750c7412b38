"""Compressed log files as plain ones: unpacked once into this user's cache, where the oldest make room.

What a file is compressed with is told by its first bytes (RFC 1952 for gz, RFC 8878 for zst, the xz and bzip2
formats). A file that is damaged gives what comes before the damage, and a line that says so.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import secrets
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

from pake_tui import paths

PIECE = 1 << 20
UNPACKED_BYTES = 4_000_000_000
_MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"\xfd7zXZ\x00": "xz", b"BZh": "bz2"}
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


class NotUnpacked(OSError):
    """A compressed file that nobody unpacked yet."""


class Stopped(OSError):
    """Unpacking was cancelled."""


def packed_as(descriptor: int) -> str:
    """`gz`, `zst`, `xz` or `bz2` by a file's first bytes; empty for one that is not compressed."""
    head = os.pread(descriptor, 6, 0)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def folder() -> Path:
    """Where unpacked files lie; not made here."""
    return paths.cache_folder() / "unpacked"


def place_of(facts: os.stat_result) -> Path:
    """Where a compressed file's plain text is kept: told by its identity, size and time of change."""
    return folder() / f"{facts.st_dev:x}-{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"


def known(facts: os.stat_result) -> Path | None:
    """The plain text of a compressed file if it was unpacked already; notes that it was used."""
    place = place_of(facts)
    try:
        os.utime(place)
    except OSError:
        return None
    return place


def unpack(descriptor: int, path: str, most: int, stopped: Callable[[], bool]) -> Path:
    """Unpack an open file; where its plain text lies. OSError, also where it has more than `most` bytes."""
    facts = os.fstat(descriptor)
    if (place := known(facts)) is not None:
        return place
    for one in (paths.cache_folder(), folder()):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder() / f"{secrets.token_hex(8)}.tmp"
    try:
        with open(descriptor, "rb", closefd=False) as source, _private(draft) as sink:
            source.seek(0)
            size = 0
            for piece in _pieces(source, packed_as(descriptor), path):
                size += len(piece)
                if size > most:
                    raise OSError(0, f"has more than {most} bytes unpacked (limits.unpacked_bytes)", path)
                if stopped():
                    raise Stopped(0, "was not unpacked: cancelled", path)
                sink.write(piece)
        _make_room(most - size)
        place = place_of(facts)
        draft.rename(place)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return place


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _pieces(source: IO[bytes], kind: str, path: str) -> Iterator[bytes]:
    """The plain text, piece by piece; what is damaged ends it with a line about that."""
    last = b"\n"
    try:
        with _opened(source, kind, path) as plain:
            # Not `read`, which gives nothing of a piece with damage in it.
            while piece := plain.read1(PIECE):
                last = piece
                yield piece
    except _DAMAGE as damage:
        lost = f"pake-tui: {Path(path).name} is damaged from here on, the rest was not read: {damage}\n"
        yield (b"" if last.endswith(b"\n") else b"\n") + lost.encode()


class _Plain(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def _opened(source: IO[bytes], kind: str, path: str) -> contextlib.AbstractContextManager[_Plain]:
    if kind == "gz":
        return gzip.GzipFile(fileobj=source)
    if kind == "xz":
        return lzma.LZMAFile(source)
    if kind == "bz2":
        return bz2.BZ2File(source)
    return _zstd(source, path)


@contextlib.contextmanager
def _zstd(source: IO[bytes], path: str) -> Iterator[_Plain]:
    """By the library where it is installed, else by the program `zstd`."""
    try:
        import zstandard
    except ImportError:
        pass
    else:
        try:
            yield _Frames(source, zstandard.ZstdDecompressor().decompressobj)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
        return
    if shutil.which("zstd") is None:
        raise OSError(0, "is compressed with zstd; install it: pip install 'pake-tui[zst]'", path)
    with subprocess.Popen(["zstd", "-dcq"], stdin=source, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield cast(_Plain, process.stdout)
    if process.returncode:
        raise EOFError(f"zstd ended with status {process.returncode}")


class _Frames:
    """Frame after frame of a zstd file; EOFError where the last is not whole, which its readers ignore."""

    def __init__(self, source: IO[bytes], begin: Callable[[], Any]) -> None:
        self._source = source
        self._begin = begin
        self._frame = begin()
        self._fed = False

    def read1(self, size: int, /) -> bytes:
        """What the next bytes of the file give; empty at its end."""
        while True:
            packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame, self._fed = self._begin(), False
            packed = packed or self._source.read(size // 8)
            if not packed and self._fed:
                raise EOFError("the compressed file ends in the middle of a frame")
            if not packed:
                return b""
            self._fed = True
            if plain := self._frame.decompress(packed):
                return bytes(plain)


def _make_room(room: int) -> None:
    """Delete the longest unused texts until the others fit into so many bytes."""
    with contextlib.suppress(OSError), os.scandir(folder()) as entries:
        held = [(one.stat().st_mtime_ns, one.stat().st_size, one.path) for one in entries]
        for _, size, path in sorted(held, reverse=True):
            if path.endswith(".tmp"):
                continue
            room -= size
            if room < 0:
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108 - paths stay text here
