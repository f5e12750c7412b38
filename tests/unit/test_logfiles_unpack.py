"""Promises of compressed log files: read like plain ones, unpacked once, damage said, bounded."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pake_tui.clock import monotonic
from pake_tui.engine.logfiles import unpack
from pake_tui.engine.logfiles.configured import LogSettings
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.model.record import Direction, Trace
from pake_tui.sources.embedded.logs import EmbeddedLogSource

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zstandard.ZstdCompressor().compress,
}
LINES = [
    f"2026-03-01 14:{n // 60:02}:{n % 60:02} INFO [req-5f2c01ab{n % 7:04x}] line {n}" for n in range(900)
]
TEXT = "".join(f"{line}\n" for line in LINES).encode()


def texts(source: EmbeddedLogSource) -> list[str]:
    """All records, oldest first."""
    batches = source.read("", None, Direction.NEWER, 10_000, threading.Event())
    return [row.record.text for batch in batches for row in batch.rows]


def source_of(*files: Path, worker: bool = False) -> EmbeddedLogSource:
    """A source over files, as a command has it, or with a worker as the console has it."""
    return EmbeddedLogSource(files=[str(file) for file in files], worker=worker, unpacks=not worker)


@pytest.mark.parametrize("kind", PACK)
def test_a_compressed_file_reads_like_a_plain_one(tmp_path: Path, kind: str) -> None:
    """Whatever it is called, its first bytes tell what it is; several packed parts are one file."""
    file = tmp_path / "app.log.1"
    file.write_bytes(PACK[kind](TEXT[:20_000]) + PACK[kind](TEXT[20_000:]))
    assert texts(source_of(file)) == LINES
    (kept,) = unpack.folder().iterdir()
    assert kept.read_bytes() == TEXT
    assert kept.stat().st_mode & 0o777 == 0o600


def test_it_is_unpacked_once(tmp_path: Path) -> None:
    """A second reader takes the text that is there; another content of the file is unpacked anew."""
    file = tmp_path / "app.log.gz"
    file.write_bytes(gzip.compress(TEXT))
    assert texts(source_of(file)) == LINES
    before = {path: path.stat().st_ino for path in unpack.folder().iterdir()}
    assert texts(source_of(file)) == LINES
    assert {path: path.stat().st_ino for path in unpack.folder().iterdir()} == before
    file.write_bytes(gzip.compress(TEXT[: TEXT.index(b"\n") + 1]))
    assert texts(source_of(file)) == LINES[:1]


@pytest.mark.parametrize("kind", PACK)
def test_what_stands_before_the_damage_is_read(tmp_path: Path, kind: str) -> None:
    """Of a file cut in half all lines come that can be had, and then one that says where it ends and why."""
    many = b"".join(f"{line} {os.urandom(40).hex()}\n".encode() for line in LINES * 20)
    packed = PACK[kind](many)
    file = tmp_path / "app.log.gz"
    file.write_bytes(packed[: len(packed) // 2])
    found = "\n".join(texts(source_of(file))).split("\n")
    assert "is damaged from here on" in found[-1]
    assert len(found) > 1
    assert "\n".join(found[:-2]).encode() == many[: len("\n".join(found[:-2]))]


def test_more_than_may_be_is_refused_with_the_setting(tmp_path: Path) -> None:
    """A file that has too many bytes is not read, nothing of it is left, and the setting is named."""
    file = tmp_path / "app.log.gz"
    file.write_bytes(gzip.compress(TEXT))
    source = EmbeddedLogSource(
        [str(file)], settings=lambda: LogSettings(Reading(unpacked_bytes=1_000)), worker=False, unpacks=True
    )
    (shown,) = source.files().files
    assert "limits.unpacked_bytes" in shown.problem
    assert list(unpack.folder().iterdir()) == []


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    """Where the limit is reached the text that was used last stays."""
    reading = Reading(unpacked_bytes=2 * len(TEXT) + 10)
    for number, name in enumerate(("a", "b", "c")):
        file = tmp_path / f"{name}.gz"
        file.write_bytes(gzip.compress(TEXT))
        Tape(str(file), name, reading)
        os.utime(unpack.place_of(file.stat()), (number, number))
    left = {path.name for path in unpack.folder().iterdir()}
    assert left == {unpack.place_of((tmp_path / name).stat()).name for name in ("b.gz", "c.gz")}


def test_the_console_waits_for_no_unpacking(tmp_path: Path) -> None:
    """A trace is there at once from plain files, says that a packed one is unpacked, then has it too."""
    plain, packed = tmp_path / "app.log", tmp_path / "app.log.1.gz"
    plain.write_bytes(TEXT[TEXT.index(b"line 500") - 60 :])
    packed.write_bytes(gzip.compress(TEXT))
    source = source_of(plain, packed, worker=True)
    try:
        (waiting, _) = source.files().files
        assert "being unpacked" in waiting.problem
        found: list[Trace] = list(source.trace("req-5f2c01ab0003", threading.Event()))
        assert any("still unpacking" in note for trace in found[:-1] for note in trace.notes)
        assert found[-1].complete
        assert len(found[-1].rows) > len(found[0].rows) > 0
        deadline = monotonic() + 10
        while len(source.tapes()) < 2:
            assert monotonic() < deadline, "it never came into the view"
        assert texts(source)[0] == LINES[0]
    finally:
        source.close()
