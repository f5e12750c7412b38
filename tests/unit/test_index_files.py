"""An index on disk: what is broken, foreign, outdated or too large is not trusted, and never a crash."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pake_tui.engine.logfiles.index import candidates, index_of, shelf, without
from pake_tui.engine.logfiles.index.building import Builder, NoRoom, Sizes
from pake_tui.engine.logfiles.index.identity import home
from pake_tui.engine.logfiles.index.layout import VERSION
from pake_tui.engine.logfiles.tape import Reading, Tape
from pake_tui.query import parse

SMALL = Sizes(piece=16_384, block=4_096, segment=20_000, least=1)
START = datetime(2026, 3, 1, tzinfo=UTC)


def lines(count: int, first: int = 0, name: str = "req") -> bytes:
    """Lines a second apart, each with an ID of its own."""
    return b"".join(
        json.dumps(
            {
                "timestamp": (START + timedelta(seconds=number)).isoformat(),
                "level": "info",
                "trace_id": f"{name}-{number:06}",
            }
        ).encode()
        + b"\n"
        for number in range(first, first + count)
    )


def tape_of(path: Path, reading: Reading | None = None) -> Tape:
    """The file opened anew, as another process would."""
    return Tape(str(path), "x", reading or Reading())


def build(tape: Tape, most: int = 10**9) -> int:
    """Index what there is; how far it came."""
    return max(Builder(tape, most, lambda: None, SMALL).build(), default=0)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of a thousand lines."""
    path = tmp_path / "x.log"
    path.write_bytes(lines(1_000))
    return path


def found(tape: Tape, text: str) -> int | None:
    """Bytes that would be read for a query; None where all would be."""
    ranges = candidates(tape, parse(text, now_ns=0))
    return None if ranges is None else sum(min(end, tape.size) - begin for begin, end in ranges)


def segments(tape: Tape) -> list[Path]:
    """The files of a tape's index."""
    return sorted((shelf.root() / home(tape)).glob("*.seg"))


def test_it_is_made_of_segments_that_only_this_user_reads(log: Path) -> None:
    """Folders 0700, files 0600; an ID costs a record, an absent one the last record only."""
    tape = tape_of(log)
    build(tape)
    index = index_of(tape)
    assert index is not None
    assert len(segments(tape)) == len(index.segments) > 2
    assert {path.stat().st_mode & 0o777 for path in segments(tape)} == {0o600}
    folders = (shelf.root() / home(tape), shelf.root(), shelf.root().parent)
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    last = len(lines(1))
    assert index.end == tape.size - last
    assert found(tape, "cid:req-000500") == 2 * last
    assert found(tape, "cid:req-00absent") == last


def cut(path: Path) -> None:
    """Half of it."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def altered(path: Path) -> None:
    """One bit of it."""
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    """Nothing left."""
    path.write_bytes(b"")


def other_version(path: Path) -> None:
    """As a later version of this program writes it."""
    data = bytearray(path.read_bytes())
    data[8] = VERSION + 1
    path.write_bytes(data)


def foreign(path: Path) -> None:
    """Somebody else's file."""
    path.write_bytes(os.urandom(10_000))


def a_folder(path: Path) -> None:
    """No file at all."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [cut, altered, emptied, other_version, foreign, a_folder])
def test_a_broken_segment_is_not_trusted_and_built_anew(log: Path, harm: Callable[[Path], None]) -> None:
    """What is behind it is read as if there were no index, until it is built again."""
    tape = tape_of(log)
    build(tape)
    harm(segments(tape)[1])
    os.utime(shelf.root() / home(tape), (1, 1))
    again = tape_of(log)
    index = index_of(again)
    assert index is not None
    assert index.end < again.size // 2
    assert found(again, "cid:req-000900") == again.size - index.end
    if harm is a_folder:
        shutil.rmtree(segments(tape)[1])
    assert build(tape_of(log)) > again.size - 200
    assert found(tape_of(log), "cid:req-000900") == 2 * len(lines(1))


def test_a_page_that_was_altered_since_is_noticed_when_it_is_read(log: Path) -> None:
    """Postings have checksums of their own: without trust in them everything is read."""
    tape = tape_of(log)
    build(tape)
    assert index_of(tape) is not None
    path = segments(tape)[0]
    data = bytearray(path.read_bytes())
    data[-2_000] ^= 1
    path.write_bytes(data)
    assert found(tape, "cid:req-000001") is None


def test_a_segment_that_went_is_no_crash(log: Path) -> None:
    """A cache that somebody deletes while it is used only costs time."""
    tape = tape_of(log)
    build(tape)
    assert index_of(tape) is not None
    shutil.rmtree(shelf.root())
    assert found(tape, "cid:req-000001") is None
    assert build(tape) > 0


def test_it_grows_with_the_file_and_small_segments_become_one(log: Path) -> None:
    """What comes is indexed behind what there is; the folder does not fill with tiny segments."""
    tape = tape_of(log)
    build(tape)
    before = segments(tape)
    for number in range(8):
        with log.open("ab") as file:
            file.write(lines(20, 1_000 + 20 * number))
        assert build(tape) == tape.size - len(lines(1))
    assert found(tape, "cid:req-001100") == 2 * len(lines(1))
    assert before[0] in segments(tape)
    assert len(segments(tape)) < len(before) + 4


def test_a_rename_keeps_it(log: Path) -> None:
    """Rotation by rename moves a file and not what is known of it."""
    tape = tape_of(log)
    build(tape)
    moved = log.rename(log.with_suffix(".log.1"))
    assert index_of(tape_of(moved)) is not None


@pytest.mark.parametrize("kept", [0, 500])
def test_a_file_that_was_cut_or_rewritten_has_none(log: Path, kept: int) -> None:
    """Truncated in place, with or without new lines behind: nothing old is believed."""
    tape = tape_of(log)
    build(tape)
    log.write_bytes(lines(kept) + lines(2_000, 5_000, "new"))
    index = index_of(tape_of(log))
    assert (0 if index is None else index.end) <= len(lines(kept))
    build(tape)
    assert found(tape, "cid:new-005500") == 2 * len(lines(1))
    log.write_bytes(lines(10))
    assert index_of(tape) is None


def test_it_is_read_another_way_it_is_indexed_anew(log: Path) -> None:
    """Another assumed zone or another list of aliases shares no index with this one."""
    build(tape_of(log))
    assert index_of(tape_of(log, Reading(timezone(timedelta(hours=2))))) is None
    assert index_of(tape_of(log, Reading(aliases=("cid",)))) is None


def test_one_writes_at_a_time(log: Path) -> None:
    """Who finds another at work leaves it to that one."""
    tape = tape_of(log)
    with shelf.writing(home(tape)) as mine:
        assert mine
        assert build(tape_of(log)) == 0
        assert not shelf.drop(home(tape))
    assert build(tape_of(log)) > 0


def test_the_longest_unused_goes_when_the_limit_is_reached(tmp_path: Path) -> None:
    """Old indexes make room for new ones; a file alone above the limit says so."""
    tapes = []
    for number in range(3):
        path = tmp_path / f"{number}.log"
        path.write_bytes(lines(1_000))
        tapes.append(tape_of(path))
        build(tapes[-1])
        os.utime(shelf.root() / home(tapes[-1]) / "lock", (1_000_000_000 - number,) * 2)
    size = shelf.held()[0].size
    assert [one.key for one in shelf.held()] == [home(tapes[number]) for number in (2, 1, 0)]
    path = tmp_path / "3.log"
    path.write_bytes(lines(1_000))
    build(tape_of(path), most=3 * size + 100)
    assert index_of(tape_of(path)) is not None
    assert index_of(tapes[2]) is None
    assert index_of(tapes[0]) is not None
    other = tmp_path / "4.log"
    other.write_bytes(lines(1_000))
    with pytest.raises(NoRoom, match=r"limits\.index_bytes"):
        build(tape_of(other), most=10)
    assert index_of(tape_of(path)) is not None


def test_a_full_disk_is_said_and_leaves_what_there_was(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space left: the reason in words, no half segment, the old ones still there."""
    tape = tape_of(log)
    build(tape)
    before = segments(tape)
    with log.open("ab") as file:
        file.write(lines(1_000, 1_000))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", full)
        with pytest.raises(NoRoom, match="no space left"):
            build(tape)
    assert set(before) <= set(segments(tape))
    assert not list((shelf.root() / home(tape)).glob("*.tmp"))
    assert build(tape) > 0


def test_a_file_that_shrinks_while_it_is_indexed_is_no_crash(log: Path) -> None:
    """Cut in the middle of the work: it ends, and nothing of it is believed."""
    tape = tape_of(log)
    for _ in Builder(tape, 10**9, lambda: os.truncate(log, 3_000), SMALL).build():
        pass
    assert index_of(tape_of(log)) is None


def test_leftovers_of_a_killed_writer_are_removed(log: Path) -> None:
    """A half-written file does not stay for ever."""
    tape = tape_of(log)
    build(tape)
    left = shelf.root() / home(tape) / "000-111-dead.tmp"
    left.write_bytes(b"half")
    build(tape)
    assert not left.exists()


def test_ranges_without_others() -> None:
    """What was read already is not read again."""
    assert without([(0, 10), (20, 30)], [(5, 7), (9, 22)]) == [(0, 5), (7, 9), (22, 30)]
    assert without([(0, 10)], []) == [(0, 10)]
