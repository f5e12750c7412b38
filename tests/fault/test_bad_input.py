"""What bad input gets, through the real command: a message that names the thing and the way out."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pake_tui import paths
from tests.pty.driver import Terminal

COMMAND = [sys.executable, "-m", "pake_tui"]
ESCAPE = "\x1b[31m"
# Root may read and write everything: these take that from it, so that permissions count here too.
POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="as root, to give its powers up")


def run(*words: str, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """The command's output and exit code."""
    return subprocess.run(
        [*before, *COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def state(private_places: Path) -> Path:
    """A state folder with one alert in it, nobody at work there."""
    program = (
        "import pake_tui; pake_tui.get_monitor('api').create_alert('disk is full', 'no room', 'critical')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    return private_places / "state"


@pytest.fixture
def consoles() -> Iterator[list[Terminal]]:
    """Consoles that a test opened; closed at its end."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def open_console(consoles: list[Terminal], *words: str, before: Sequence[str] = ()) -> Terminal:
    """A console in a terminal of its own."""
    consoles.append(Terminal([*before, *COMMAND, *words]))
    return consoles[-1]


def spoil(path: Path) -> None:
    """Make a database one no more."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"no database at all " * 500)


def make_newer(path: Path, limit: str) -> None:
    """As a later version would leave a database that older ones must not read, or write."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=9")
        connection.execute("INSERT OR REPLACE INTO meta VALUES(?, 9)", (limit,))
    connection.close()


def test_an_escape_in_a_file_name_is_shown_in_complaints(tmp_path: Path) -> None:
    """A refused configuration whose name holds an escape does not command the terminal of who reads it."""
    file = tmp_path / f"bad{ESCAPE}.yaml"
    file.write_text("monitoring: [\n")
    done = run("--config", str(file), "config", "show")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "bad␛[31m.yaml:2: is not YAML" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_glob_that_names_nothing_is_said(tmp_path: Path) -> None:
    """`logs --file` with a pattern that no file matches says so; silence would look like a quiet log."""
    done = run("logs", "--file", str(tmp_path / f"{ESCAPE}*.log"))
    assert done.returncode == 1
    assert f"no file matches {tmp_path}/␛[31m*.log" in done.stderr


def test_a_set_aside_state_is_said(state: Path) -> None:
    """`alerts` over a corrupt state.db begins a fresh one, and says where the old one lies."""
    spoil(state / "state.db")
    done = run("alerts")
    assert done.returncode == 0
    assert "0 firing" in done.stdout
    assert f"state.db was corrupt and lies now at {state}/state.db.corrupt-" in done.stderr


def test_a_corrupt_state_is_refused_read_only(state: Path) -> None:
    """Read-only nothing is set aside: the file is named, and what would help."""
    spoil(state / "state.db")
    done = run("alerts", "--read-only")
    assert done.returncode == 2
    assert f"{state}/state.db is corrupt" in done.stderr
    assert not list(state.glob("*.corrupt-*"))


@pytest.mark.parametrize("words", [("alerts",), ("agent",)])
def test_a_newer_state_is_refused(state: Path, words: tuple[str, ...]) -> None:
    """A state that a later version wrote and this one cannot read is refused, with the ways out."""
    make_newer(state / "state.db", "min_reader")
    done = run(*words)
    assert done.returncode == 2
    assert "was made by a newer pake-tui" in done.stderr
    assert "upgrade pake-tui, or name another state folder with PAKE_STATE_DIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert "collecting into" not in done.stdout


def test_a_console_says_what_was_set_aside(state: Path, consoles: list[Terminal]) -> None:
    """The message line of a console that just opened tells of databases that were corrupt."""
    spoil(state / "state.db")
    (state / "metrics.db").write_bytes(b"no database at all " * 500)
    terminal = open_console(consoles)
    terminal.wait_for(r"state\.db was corrupt and lies now at")
    assert list(state.glob("metrics.db.corrupt-*"))


def test_a_console_on_a_state_that_it_may_not_write_says_so(state: Path, consoles: list[Terminal]) -> None:
    """A newer state that can still be read opens read-only: in the header, and why in the message line."""
    make_newer(state / "state.db", "min_writer")
    terminal = open_console(consoles)
    terminal.wait_for("disk is full")
    terminal.wait_for(r"state\.db was made by a newer pake-tui")
    assert "read-only" in terminal.text()


@as_root
def test_a_console_without_a_writable_state_folder_opens_read_only(
    tmp_path: Path, consoles: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens, reads on, and says that alerts are only read and which folder cannot be made."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    monkeypatch.setenv("PAKE_STATE_DIR", str(locked / "state"))
    terminal = open_console(consoles, before=POWERLESS)
    terminal.wait_for("alerts are only read, metrics are kept until you leave: cannot create")
    assert "read-only" in terminal.text()


@pytest.fixture
def closed_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that its user may not even look into, as a service that kept another's $HOME finds it."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    for name in ("PAKE_STATE_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(closed))
    yield closed
    closed.chmod(0o700)


@as_root
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("alerts", 2, "state.db cannot be opened: Permission denied"),
        ("agent", 2, "set PAKE_STATE_DIR to a folder that can be written"),
        ("logs --file LOG", 0, "a line"),
        ("config path", 0, "not there yet"),
        ("config show", 0, "monitoring.cpu_threshold_percent"),
        ("config set monitoring.cpu_threshold_percent 70", 2, "cannot be made: Permission denied"),
    ],
)
def test_a_home_closed_to_its_user(closed_home: Path, words: str, code: int, said: str) -> None:
    """What needs no home works without it; what does is refused in words."""
    log = closed_home.with_name("app.log")
    log.write_text("a line\n")
    done = run(*words.replace("LOG", str(log)).split(), before=POWERLESS)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stdout + done.stderr


@as_root
def test_a_console_in_a_closed_home_opens_read_only(closed_home: Path, consoles: list[Terminal]) -> None:
    """The console opens with default settings, reads logs and says why it is read-only."""
    terminal = open_console(consoles, before=POWERLESS)
    terminal.wait_for("alerts are only read, metrics are kept until you leave: cannot create")
    assert "read-only" in terminal.text()
    terminal.wait_for("Alerts cannot be read: .*state")
    assert "No alert is open" not in terminal.text()
    terminal.press("3")
    terminal.wait_for("following|no log files")


def test_a_state_folder_that_is_a_file(private_places: Path) -> None:
    """A PAKE_STATE_DIR that is no folder is refused, with the path."""
    (private_places / "state").write_text("")
    done = run("alerts")
    assert done.returncode == 2
    assert f"{private_places}/state/state.db cannot be opened: Not a directory" in done.stderr


def test_a_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`logs` reads what it still can, and ends in words."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    program = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('pake_tui', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program, "logs", "--file", "mine.log"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "no file matches mine.log" in done.stderr


@pytest.mark.parametrize("words", [("alerts",), ("alerts", "--help"), ("doctor",)])
def test_a_character_set_without_our_letters(
    state: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an old character set lacks is printed as escapes."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    done = run(*words)
    assert (done.returncode in (0, 1), "Traceback" in done.stderr) == (True, False)
    assert "\\x" in done.stdout or "\\u" in done.stdout


def test_a_wrong_count_is_refused_in_words() -> None:
    """`logs -n` says what it takes."""
    done = run("logs", "-n", "many")
    assert done.returncode == 2
    assert "'many' is no number of records; 0 or more" in done.stderr


def test_the_doctor_names_a_corrupt_state_and_goes_on(state: Path) -> None:
    """The diagnosis does not end at what is broken."""
    spoil(state / "state.db")
    done = run("doctor")
    assert done.returncode == 1
    assert f"{state}/state.db is corrupt" in done.stdout
    assert "terminal" in done.stdout


def test_the_doctor_names_a_metric_with_too_many_tags(private_places: Path) -> None:
    """Whose rest goes into one series; its application is told once as well."""
    program = (
        "import pake_tui; shop = pake_tui.get_monitor('shop')\n"
        "for n in range(1500): shop.increment_counter('req.bypath', tags={'path': n})\n"
        "shop.increment_counter('orders.created')"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stderr.count("req.bypath of shop has too many different tags") == 1
    done = run("doctor")
    assert "shop/req.bypath has more series than are kept apart" in done.stdout
    assert "orders.created" not in done.stdout
    assert "orders.created " in run("metrics", "orders.created").stdout


def small_disk(folder: Path, kilobytes: int) -> list[str]:
    """What goes in front of a command that shall find a disk of so little room there."""
    folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o size={kilobytes}k tmpfs "$0" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]


def may_mount(tmp_path: Path) -> bool:
    """Whether this machine lets anybody have a file system of his own."""
    try:
        return subprocess.run([*small_disk(tmp_path / "try", 100), "true"], check=False).returncode == 0
    except OSError:
        return False


def big_log(path: Path) -> Path:
    """A log that deserves an index of some 100 KB."""
    line = '{"timestamp":"2026-03-01T%02d:%02d:%02dZ","level":"%s","message":"number %d","cid":"r-%08x"}\n'
    with path.open("w") as file:
        for n in range(80_000):
            level = "error" if n % 9_999 == 0 else "info"
            file.write(line % (n // 3600, n // 60 % 60, n % 60, level, n, n * 2_654_435_761 % 2**32))
    return path


def test_a_disk_that_fills_while_a_log_is_indexed(tmp_path: Path, consoles: list[Terminal]) -> None:
    """The log screen says that there is no index and why; searches find the same, and the console goes on."""
    if not may_mount(tmp_path):
        pytest.skip("no file system can be mounted here")
    log, cache = big_log(tmp_path / "big.log"), paths.cache_folder()
    terminal = open_console(consoles, str(log), before=small_disk(cache, 64))
    terminal.wait_for("number 79999")
    terminal.press("/", *"level:error", "<enter>")
    terminal.wait_for("9 hits")
    terminal.wait_for("searched without index", seconds=60)
    terminal.wait_for("no space left")
    terminal.press("1")
    terminal.wait_for("number 79999")
    terminal.wait_for("no space left")


FULL_DISK = """
import os, threading
from contextlib import suppress
from pathlib import Path
from pake_tui import get_monitor
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import StoreError
from pake_tui.model.alert import Policy

folder = Path(os.environ["PAKE_STATE_DIR"])
monitor = get_monitor("shop")
collector = Alerting(StateStore(folder), Policy)

def until(condition):
    for _ in range(1000):
        with suppress(StoreError):
            collector.drain_spools()
        if condition():
            break
        threading.Event().wait(0.02)

def fill():
    for size in (65536, 512):
        try:
            while True:
                ballast.write(b"x" * size)
        except OSError:
            pass

opened = monitor.create_alert("before")
until(lambda: monitor.get_alert(opened))
told = []
with open(folder / "ballast", "wb", buffering=0) as ballast:
    for number in range(4):
        fill()
        told.append(monitor.create_alert(f"number {number}", "why " * 900))
    fill()
    again = monitor.create_alert("number 0")
    monitor.resolve_alert(told[3], "over")
(folder / "ballast").unlink()
until(lambda: all(monitor.get_alert(one) for one in [*told, again]))
until(lambda: monitor.get_alert(told[3]).state.value == "resolved")
found = [monitor.get_alert(one) for one in told]
print([(alert.title, alert.state.value) for alert in found])
print(monitor.get_alert(again).id == found[0].id, monitor.get_alert(opened).title)
"""


def test_alerts_on_a_full_disk_come_when_there_is_room(private_places: Path, tmp_path: Path) -> None:
    """Under the ids that their application was given, in its order; meanwhile it was said once."""
    if not may_mount(tmp_path):
        pytest.skip("no file system can be mounted here")
    before = small_disk(private_places / "state", 3000)
    program = [*before, sys.executable, "-c", FULL_DISK]
    done = subprocess.run(program, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    waited = [(f"number {number}", "firing" if number < 3 else "resolved") for number in range(4)]
    assert first == str(waited)
    assert second == "True before"
    assert done.stderr.count("alerts of shop wait until they can be stored") == 1
