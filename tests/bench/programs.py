"""The programs of the comparison, each with its version, and how to bring those that are missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
OURS = "pake-tui"
LIVE = r"cpu +[0-9]+ %"


@dataclass(frozen=True)
class Program:
    """`ready`: what its screen shows when it is usable ("": enough of anything); `keys`: cursor keys.

    `marker` and `shown`: a key, and what it brings to the screen.
    """

    name: str
    version: str
    command: list[str]
    ready: str = ""
    keys: tuple[str, ...] = ()
    marker: str = ""
    shown: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


def ours() -> Program:
    """The console, with the overview's live data as its sign."""
    command = [sys.executable, "-m", "pake_tui"]
    return Program(OURS, version("pake-tui"), command, LIVE, ("j", "k"), "?", "Help: overview")


def textual_programs() -> list[Program]:
    """A bare and a stock Textual program, with the Textual that the console has."""
    number, script = version("textual"), [sys.executable, str(HERE / "stock_apps.py")]
    return [
        Program("bare Textual", number, [*script, "bare"], "bare and ready"),
        Program(
            "stock Textual", number, [*script, "stock"], r"a line with", ("<down>",), "?", "Help is here"
        ),
    ]


def installed(log: Path) -> tuple[list[Program], list[str]]:
    """The peers that this machine has, and of each that it has not how to bring it."""
    known = {
        "btop": (["btop", "--utf-force"], ("<down>",), "", ""),
        "htop": (["htop"], ("<down>",), "?", "htop [0-9.]+ - "),
        "glances": (["glances"], (), "", ""),
        "lnav": (["lnav", str(log)], ("k",), "", ""),
    }
    found, missing = [], []
    for name, (command, keys, marker, shown) in known.items():
        if shutil.which(name) is None:
            missing.append(f"{name}: apt-get install {name}")
            continue
        said = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout
        number = re.search(r"\d+\.[\d.]+", said)
        found.append(Program(name, number[0] if number else "?", command, "", keys, marker, shown))
    return found, missing


def toolong(venv: Path, log: Path) -> Program:
    """Toolong in a virtual environment of its own, made where it is missing: it wants an older Textual."""
    python = venv / "bin" / "python"
    if not (venv / "bin" / "tl").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "toolong"], check=True)
    ask = "from importlib.metadata import version as v; print(v('toolong'), 'on Textual', v('textual'))"
    said = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout
    return Program("toolong", said.strip(), [str(venv / "bin" / "tl"), str(log)], "", ("<up>",))
