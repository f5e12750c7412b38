"""A real pseudo-terminal around a command: keys in, the screen out through pyte, and the modes that it sets.

    terminal = Terminal([sys.executable, "app.py"])
    terminal.wait(lambda: "ready" in terminal.text())
    terminal.press("j", "<down>")
    terminal.send(b"\\x03")

It answers the queries that a real terminal answers, at the place in the stream where they are asked. All
waiting is for a condition, with a deadline; `AssertionError` shows the screen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyte

from tests.pty.link import Link

KEYS = {
    "<up>": b"\x1b[A",
    "<down>": b"\x1b[B",
    "<right>": b"\x1b[C",
    "<left>": b"\x1b[D",
    "<pgup>": b"\x1b[5~",
    "<pgdn>": b"\x1b[6~",
    "<home>": b"\x1b[H",
    "<end>": b"\x1b[F",
    "<enter>": b"\r",
    "<tab>": b"\t",
    "<esc>": b"\x1b",
    "<bs>": b"\x7f",
    "<space>": b" ",
    **{f"<ctrl+{chr(number + 96)}>": bytes([number]) for number in range(1, 27)},
}
TYPING = 0.02
AT_ONCE = 65_536
UNSET = ("TMUX", "STY", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES", "TERM_PROGRAM", "LC_ALL")
_SPECIAL = re.compile(
    rb"\x1b\[(?P<private>\?)(?P<modes>[\d;]+)(?P<set>[hl])"
    rb"|\x1b\[(?P<title>2[23]);2t"
    rb"|(?P<cursor>\x1b\[6n)"
    rb"|\x1b\[\?(?P<mode>\d+)\$p"
    rb"|(?P<attributes>\x1b\[0?c)"
    rb"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|\x1bP(?P<dcs>[^\x1b]*)\x1b\\"
    rb"|\x1b\[(?P<kitty>[<>])\d*u"
    rb"|\x1b\[[<=>][\d;]*[@-~]"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[<=>?]?[\d;]*\$?|\][^\x07\x1b]*\x1b?|P[^\x1b]*\x1b?)?\Z")


class Terminal:
    """One command in a pseudo-terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 36,
        env: Mapping[str, str] | None = None,
        answers: bool = True,
        synchronized: bool = False,
        wide: bool = False,
        link: tuple[float, float] | None = None,
    ) -> None:
        """`answers` false: a terminal that never says anything. `synchronized`: it knows mode 2026.

        `wide`: it says of its cursor that characters of ambiguous width took two columns.

        `link` (bits a second, seconds of round trip): it is reached over a slow link that buffers.
        """
        self.screen = pyte.Screen(columns, rows)
        self.raw = bytearray()
        self.modes: dict[int, bool] = {}
        self.titles: list[str] = [""]
        self.osc: list[str] = []
        self.key_modes = 0
        """Modes of kitty's keyboard protocol on its stack."""
        self.answers = answers
        self.synchronized = synchronized
        self.wide = wide
        self.reading = True
        self.last_read = 0.0
        self._stream = pyte.ByteStream(self.screen)
        self._rest = b""
        self._master, slave = os.openpty()
        self._size(columns, rows)
        self.modes_before = termios.tcgetattr(slave)
        environment = {name: value for name, value in os.environ.items() if name not in UNSET}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        self.process = subprocess.Popen(
            command, env=environment, preexec_fn=partial(os.login_tty, slave), pass_fds=(slave,)
        )
        self._slave = slave
        self._wire = self._master
        self.link: Link | None = None
        if link is not None:
            self._ends = socket.socketpair()
            near, self._wire = (end.fileno() for end in self._ends)
            self.link = Link(near, self._master, rate_bits=link[0], round_trip_s=link[1])

    # Keys.

    def send(self, data: bytes) -> None:
        """Send bytes as one write, as a terminal would one key or one reply."""
        os.write(self._wire, data)

    def press(self, *keys: str) -> None:
        """Press keys (names as in KEYS) as a person would: one after the other, each read before the next."""
        for key in keys:
            self.send(KEYS.get(key, key.encode()))
            until = time.monotonic() + TYPING
            self.wait(
                lambda until=until: time.monotonic() >= until and self._input_taken(),
                what=f"{key} to be read",
            )

    def _input_taken(self) -> bool:
        size = fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4)
        return not struct.unpack("i", size)[0]

    def resize(self, columns: int, rows: int) -> None:
        """Resize the window, as its user would."""
        self.screen.resize(rows, columns)
        self._size(columns, rows)

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # The screen.

    def text(self) -> str:
        """The screen, trailing blanks cut."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Every cell: character, colours, attributes."""
        buffer = self.screen.buffer
        return [[tuple(buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)]

    @property
    def title(self) -> str:
        """The window's title."""
        return self.titles[-1]

    def pump(self, seconds: float = 0.05) -> bool:
        """Take what the program writes within that time (if `reading`); False where nothing came."""
        if not select.select([self._wire] if self.reading else [], [], [], seconds)[0]:
            return False
        data = self._read()
        self.raw += data
        self._take(self._rest + data)
        return bool(data)

    def _read(self) -> bytes:
        """What is there now: its time (`last_read`) is when it came, not when what came before was drawn."""
        data = b""
        with contextlib.suppress(OSError):
            while len(data) < AT_ONCE and (part := os.read(self._wire, AT_ONCE)):
                data += part
                self.last_read = time.monotonic()
                if not select.select([self._wire], [], [], 0)[0]:
                    break
        return data

    def wait(self, condition: Callable[[], object], *, seconds: float = 15.0, what: str = "") -> None:
        """Pump until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited {seconds} s for {what or condition}; the screen:\n{self.text()}"
                )
            self.pump(0.02)

    def wait_for(self, pattern: str, *, seconds: float = 15.0) -> None:
        """Pump until a regular expression is on the screen."""
        wanted = re.compile(pattern)
        self.wait(lambda: wanted.search(self.text()), seconds=seconds, what=repr(pattern))

    def settle(self, quiet: float = 0.15, *, seconds: float = 10.0) -> None:
        """Pump until nothing came for a while, and the program waits for something itself: on a busy machine
        it may be silent because it has not had its turn.
        """
        deadline = time.monotonic() + seconds
        while self.pump(quiet) or self._at_work():
            assert time.monotonic() < deadline, "the program never falls silent"

    def _at_work(self) -> bool:
        """Whether any of its threads runs or wants to (Linux; proc_pid_stat(5), the state)."""
        for stat in Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # a thread that ends meanwhile
                if stat.read_text().rpartition(")")[2].split()[0] in "RD":
                    return True
        return False

    def _take(self, data: bytes) -> None:
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished and len(data) - unfinished.start() < 8192 else len(data)
        data, self._rest = data[:cut], data[cut:]
        at = 0
        for found in _SPECIAL.finditer(data):
            self._stream.feed(data[at : found.start()])
            at = found.end()
            self._special(found)
        self._stream.feed(data[at:])

    def _special(self, found: re.Match[bytes]) -> None:
        if found["private"]:
            for mode in found["modes"].split(b";"):
                self.modes[int(mode)] = found["set"] == b"h"
            self._stream.feed(found[0] if found["modes"] == b"7" else b"")
        elif found["title"]:
            if found["title"] == b"22":
                self.titles.append(self.title)
            else:
                self.titles.pop()
        elif found["kitty"]:
            self.key_modes += 1 if found["kitty"] == b">" else -1
        elif found["cursor"]:
            row, column = self.screen.cursor.y, self.screen.cursor.x
            before = self.screen.display[row][:column] if self.wide else ""
            more = sum(unicodedata.east_asian_width(character) == "A" for character in before)
            self._answer(f"\x1b[{row + 1};{column + 1 + more}R")
        elif found["mode"]:
            known = self.synchronized and found["mode"] == b"2026"
            self._answer(f"\x1b[?{found['mode'].decode()};{2 if known else 0}$y")
        elif found["attributes"]:
            self._answer("\x1b[?62;22c")
        elif found["osc"] is not None:
            text = found["osc"].decode("utf-8", "replace")
            self.osc.append(text)
            if text.startswith("2;"):
                self.titles[-1] = text[2:]

    def _answer(self, text: str) -> None:
        if self.answers:
            with contextlib.suppress(OSError):
                self.send(text.encode())

    # The end.

    def restored(self) -> list[str]:
        """What a program that has ended left set: empty where the terminal is as it was found."""
        off = {1049: "alternate screen", 2004: "bracketed paste", 1000: "mouse", 1002: "mouse drags"}
        off |= {1003: "mouse movements", 1006: "mouse reports", 1004: "focus reports", 2026: "a held frame"}
        left = [name for mode, name in off.items() if self.modes.get(mode)]
        left += ["hidden cursor"] if self.modes.get(25) is False else []
        left += ["no line wrap"] if self.modes.get(7) is False else []
        left += ["key modes of kitty's protocol"] if self.key_modes else []
        left += [f"title {self.title!r}"] if len(self.titles) > 1 or self.title else []
        if termios.tcgetattr(self._slave) != self.modes_before:
            left.append("line modes")
        return left

    def wait_exit(self, seconds: float = 15.0) -> int:
        """The exit code, as Popen gives it, after taking all that was written."""
        self.wait(lambda: self.process.poll() is not None, seconds=seconds, what="its end")
        while self.pump(0.05):
            pass
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the window: the program gets SIGHUP and a dead terminal."""
        self.reading = False
        self._drop_link()
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = self._wire = -1

    def _drop_link(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None
            for end in self._ends:
                end.close()

    def close(self) -> None:
        """End the program, if it still runs, and the terminal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self._drop_link()
        for descriptor in (self._slave, self._master):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
