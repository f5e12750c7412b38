"""The families of `state.db`: presence, loggers, runtime values, leadership, and who needs a collector."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pake_tui.engine.store.failures import BusyError
from pake_tui.engine.store.leadership import DeposedError
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import ConflictError, StoreError


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    """A fresh state folder."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    return StateStore(folder)


def test_presence_lists_who_lives(store: StateStore) -> None:
    """A console enters once and leaves; a dead one is not shown, whatever its pid became."""
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    store.presence.enter("bob", dead.pid)
    store.presence.enter("ada")
    store.presence.enter("ada")
    assert [(p.actor, p.pid) for p in store.presence.list()] == [("bob", dead.pid), ("ada", os.getpid())]
    dead.communicate()
    assert [p.actor for p in store.presence.list()] == ["ada"]
    store.presence.leave()
    assert store.presence.list() == ()


def test_a_beat_writes_only_now_and_then(store: StateStore) -> None:
    """Beating often wakes no other console."""
    store.presence.enter("ada")
    before = store.changed()
    for _ in range(100):
        store.presence.beat()
    assert store.changed() == before


def test_loggers_outlive_their_process_and_go_with_their_file(store: StateStore, tmp_path: Path) -> None:
    """Registered once per file, forgotten when the file is gone."""
    here, gone = tmp_path / "api.log", tmp_path / "gone.log"
    here.touch()
    for path in (here, gone, here):
        store.loggers.register("api", 12, path)
    before = store.changed()
    store.loggers.register("api", 12, here)
    assert store.changed() == before
    assert [row.path for row in store.loggers.paths()] == [here, gone]
    assert store.loggers.prune() == 0
    with store.write() as connection:
        connection.execute("UPDATE loggers SET since_ns=0")
    assert store.loggers.prune() == 1
    assert [row.path for row in store.loggers.paths()] == [here]


def test_runtime_values_know_their_actor(store: StateStore) -> None:
    """The newest wins; a reload drops one's own, an edit of the file drops the key."""
    store.runtime.set("monitoring", {"cpu_threshold_percent": 75.0, "x": [1]}, "api@1")
    store.runtime.set("monitoring", {"cpu_threshold_percent": 70.0}, "ada")
    values = {value.name: (value.value, value.actor) for value in store.runtime.list()}
    assert values == {"cpu_threshold_percent": (70.0, "ada"), "x": ([1], "api@1")}
    store.runtime.drop_of("api@1")
    store.runtime.drop([("monitoring", "cpu_threshold_percent")])
    assert store.runtime.list() == ()
    with pytest.raises(StoreError, match="cannot be stored"):
        store.runtime.set("monitoring", {"x": object()}, "ada")


def test_one_collector_leads_and_its_end_is_seen_at_once(store: StateStore) -> None:
    """A second claim fails while the first lives, and succeeds when it is gone."""
    other = StateStore(store.folder)
    assert store.leadership.current() is None
    assert store.leadership.claim(config_path="/etc/pake.yaml", permanent=True, version="1") == 1
    assert other.leadership.claim(config_path="", permanent=False, version="1") is None
    leader = other.leadership.current()
    assert leader
    assert (leader.pid, leader.alive, leader.silent, leader.config_path) == (
        os.getpid(),
        True,
        False,
        "/etc/pake.yaml",
    )
    store.leadership.release()
    gone = other.leadership.current()
    assert gone
    assert not gone.alive
    assert other.leadership.claim(config_path="", permanent=False, version="1") == 2


def test_a_permanent_collector_replaces_one_started_on_demand(store: StateStore) -> None:
    """The replaced one is told at its next beat and its writes fail."""
    other = StateStore(store.folder)
    store.leadership.claim(config_path="", permanent=False, version="1")
    assert other.leadership.claim(config_path="", permanent=True, version="1", replace_alive=True) == 2
    with pytest.raises(DeposedError):
        store.leadership.beat()
    with pytest.raises(DeposedError), store.write():
        pass
    other.leadership.beat()
    with other.write():
        pass


def test_who_leads_is_on_record_again_in_a_file_that_was_begun_anew(store: StateStore) -> None:
    """The lock says who leads; one that lost it meanwhile writes nothing there."""
    other = StateStore(store.folder)
    store.leadership.claim(config_path="/etc/pake.yaml", permanent=True, version="1")
    store.leadership.release()
    store.leadership.claim(config_path="/etc/pake.yaml", permanent=True, version="1")
    put_away(store)
    assert other.leadership.current() is None
    store.leadership.stay_on_record()
    leader = other.leadership.current()
    assert leader is not None
    assert (leader.epoch, leader.pid, leader.config_path) == (2, os.getpid(), "/etc/pake.yaml")
    put_away(store)
    other.leadership.claim(config_path="", permanent=False, version="1", replace_alive=True)
    put_away(store)
    with pytest.raises(DeposedError, match="replaced by nobody"), store.write():
        pass


def put_away(store: StateStore) -> None:
    """As a corrupt file is set aside; the next use begins a fresh one."""
    for path in store.folder.glob("state.db*"):
        path.rename(store.folder / f"away-{path.name}")


def test_wanting_a_collector_wakes_no_console(store: StateStore) -> None:
    """The stamp is a file's time."""
    assert store.wanted.last_ns() is None
    before = store.changed()
    store.wanted.touch()
    assert store.wanted.last_ns()
    assert store.changed() == before


def test_history_cannot_be_changed(store: StateStore) -> None:
    """Not even by who opens the database by hand."""
    with store.write() as connection:
        connection.execute("INSERT INTO alerts VALUES('a','f','firing',1,'s','',0,0,NULL,0,1,'{}')")
        connection.execute("INSERT INTO history VALUES(1,'a',0,'fired','ada','','firing',1)")
    for statement in ("UPDATE history SET actor='bob'", "DELETE FROM history"):
        with pytest.raises(StoreError, match="append-only"), store.write() as connection:
            connection.execute(statement)


def test_what_threads_write_at_once_is_all_kept_and_a_failure_undoes_only_itself(store: StateStore) -> None:
    """Twenty threads write ten times each, and every fifth time the work raises in its middle."""
    started, told = threading.Barrier(20), {}

    def write(number: int) -> int | str:
        def work(connection: sqlite3.Connection) -> int:
            connection.execute("INSERT INTO requests VALUES('t', ?, 'x', ?)", (str(number), number))
            if number % 5 == 0:
                raise ConflictError(f"not {number}")
            return number

        try:
            return store.together(work, timeout=5)
        except ConflictError as error:
            return str(error)

    def act(thread: int) -> None:
        started.wait()
        for number in range(thread * 10, thread * 10 + 10):
            told[number] = write(number)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {n: f"not {n}" if n % 5 == 0 else n for n in range(200)}
    kept = {int(name) for name, _ in store.requests.since("t", -1)}
    assert kept == {n for n in range(200) if n % 5}


def test_a_caller_does_not_wait_for_another_thread_beyond_its_time(store: StateStore) -> None:
    """What was not begun is taken back, and nothing of it is written later."""
    inside, go = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> None:
        inside.set()
        go.wait(10)

    thread = threading.Thread(target=lambda: store.together(slow, timeout=5))
    thread.start()
    inside.wait(10)
    with pytest.raises(BusyError):
        store.together(
            lambda connection: connection.execute("INSERT INTO requests VALUES('t','a','x',1)"), timeout=0.05
        )
    go.set()
    thread.join()
    store.together(lambda connection: None, timeout=5)
    assert store.requests.since("t", -1) == ()
