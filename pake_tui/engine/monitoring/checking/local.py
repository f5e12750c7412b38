"""Checks of this host: processes, units, disks, files, logs, and programs that monitoring plugins are."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from glob import iglob
from pathlib import Path

from pake_tui.clock import now_ns, short_duration
from pake_tui.engine.monitoring import programs
from pake_tui.engine.monitoring.checking.asking import (
    Deadline,
    Degraded,
    Failed,
    Surroundings,
    Unknown,
)
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.paths import cleaned_environment
from pake_tui.query.regexes import compiled

MOST_FILES = 200_000
PROC = Path("/proc")
_PERFDATA = re.compile(r"('[^'=]+'|[^\s'=]+)=(-?[\d.]+(?:[eE][-+]?\d+)?)([a-zA-Z%]*)(?:;[^\s]*)?")


def process(spec: CheckSpec, _deadline: Deadline) -> str:
    """How many processes have a command line that matches."""
    pattern, (least, most) = compiled(spec.target), spec.options["count"]
    found = [pid for pid, line in _command_lines() if pid != os.getpid() and pattern.search(line)]
    said = f"{len(found)} process{'es' if len(found) != 1 else ''} match {spec.target}"
    if len(found) < least:
        raise Failed("missing", f"{said}, at least {least} should")
    if most is not None and len(found) > most:
        raise Failed("too many", f"{said}, at most {most} should")
    shown = [*map(str, found[:3]), *(["…"] if len(found) > 3 else [])]
    return f"{said} (pid {', '.join(shown)})" if found else said


def _command_lines() -> Iterator[tuple[int, str]]:
    if not (PROC / "self").exists():
        import psutil

        for one in psutil.process_iter(["pid", "cmdline"]):
            yield one.pid, " ".join(one.info["cmdline"] or ())
        return
    for name in os.listdir(PROC):  # noqa: PTH208  # names are all
        if name.isdigit():
            try:
                line = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue
            yield int(name), line.rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")


def systemd(spec: CheckSpec, deadline: Deadline) -> str:
    """What systemd says of a unit (systemctl(1), `show`)."""
    if not shutil.which("systemctl"):
        raise Unknown("n/a: this host has no systemctl")
    asked = ["systemctl", "show", "--property=LoadState,ActiveState,SubState,NRestarts", "--", spec.target]
    code, out = _output(asked, deadline)
    facts = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    if code != 0 or "ActiveState" not in facts:
        last = (out.strip().splitlines() or [f"exit code {code}"])[-1]
        raise Unknown(f"n/a: systemctl says: {last}")
    if facts.get("LoadState") == "not-found":
        raise Failed("missing", f"there is no unit {spec.target}")
    said = f"{spec.target} is {facts['ActiveState']} ({facts.get('SubState', '?')})"
    if facts.get("NRestarts", "0") not in ("0", ""):
        said += f", restarted {facts['NRestarts']} times"
    if facts["ActiveState"] in ("activating", "deactivating", "reloading"):
        raise Degraded(said)
    if facts["ActiveState"] != "active":
        raise Failed("down", said)
    return said


def disk(spec: CheckSpec, _deadline: Deadline) -> str:
    """How full the file system of a path is, bytes and inodes, as df reckons."""
    try:
        facts = os.statvfs(spec.target)
    except OSError as error:
        raise Failed("unreadable", f"{spec.target}: {error.strerror}") from None
    used = facts.f_blocks - facts.f_bfree
    share = 100.0 * used / max(1, used + facts.f_bavail)
    inodes = 100.0 * (facts.f_files - facts.f_ffree) / facts.f_files if facts.f_files else 0.0
    free = facts.f_bavail * facts.f_frsize / 1024**3
    said = f"{spec.target} {share:.0f} % used, {free:.1f} GiB free, inodes {inodes:.0f} % used"
    if max(share, inodes) >= spec.options["critical"]:
        raise Failed("full", said)
    if max(share, inodes) >= spec.options["warn"]:
        raise Degraded(said)
    return said


def file_age(spec: CheckSpec, _deadline: Deadline) -> str:
    """How old the newest file of a path or pattern is."""
    path, age, size = _newest(_matching(spec.target), spec.target)
    said = f"{path} is {short_duration(age)} old, {size} bytes"
    if age > spec.options["max_age"]:
        raise Failed("too old", f"{said}; {short_duration(spec.options['max_age'])} is allowed")
    if size < spec.options["min_bytes"]:
        raise Failed("too small", f"{said}; {spec.options['min_bytes']:.0f} are expected")
    return said


def log_silence(spec: CheckSpec, _deadline: Deadline, around: Surroundings) -> str:
    """When a service's log files, or those of a path or pattern, were written last."""
    if "/" in spec.target:
        found = list(_matching(spec.target))
    else:
        found = [str(path) for path in around.log_files(spec.target)]
        if not found:
            raise Unknown(f"no service {spec.target} has told where it logs")
    path, age, _ = _newest(iter(found), spec.target)
    if age > spec.options["for"]:
        raise Failed("silent", f"nothing was written to {path} for {short_duration(age)}")
    return f"{path} was written {short_duration(age)} ago"


def _matching(pattern: str) -> Iterator[str]:
    """The names that a path or pattern stands for. Unknown where they are too many to look at all of them."""
    for number, name in enumerate(iglob(pattern, recursive=True)):  # noqa: PTH207  # Path.glob takes no absolute patterns
        if number >= MOST_FILES:
            raise Unknown(f"more than {MOST_FILES:,} files match {pattern}; name fewer")
        yield name


def _newest(names: Iterator[str], wanted: str) -> tuple[str, int, int]:
    """Of the files that exist, the one written last: path, age in ns, size. Failed where there is none."""
    newest: tuple[str, int, int] | None = None
    for name in names:
        try:
            facts = os.stat(name)  # noqa: PTH116  # up to MOST_FILES names, no Path made of each
        except OSError:
            continue
        if newest is None or facts.st_mtime_ns > newest[1]:
            newest = name, facts.st_mtime_ns, facts.st_size
    if newest is None:
        raise Failed("missing", f"there is no file {wanted}")
    return newest[0], max(0, now_ns() - newest[1]), newest[2]


def command(spec: CheckSpec, deadline: Deadline, around: Surroundings) -> str:
    """A monitoring plugin: exit code 0 healthy, 1 degraded, 2 unhealthy, else unknown; its first line is the
    message, numbers after `|` are performance data (Monitoring Plugins Development Guidelines).
    """
    if around.no_commands:
        raise Unknown(f"not run: {around.no_commands}")
    code, out = _output(list(spec.target), deadline)
    first = next((line.strip() for line in out.splitlines() if line.strip()), "")
    text, _, performance = first.partition("|")
    numbers = ", ".join(f"{name} {value}{unit}" for name, value, unit in _PERFDATA.findall(performance)[:8])
    said = text.strip() or f"exit code {code}"
    said += f" ({numbers})" if numbers else ""
    if code == 1:
        raise Degraded(said)
    if code == 2:
        raise Failed("critical", said)
    if code != 0:
        raise Unknown(said if code == 3 else f"{said} (exit code {code})")
    return said


def _output(argv: list[str], deadline: Deadline) -> tuple[int, str]:
    """Exit code and output of a program that ends in time."""
    try:
        code, out = programs.run(argv, deadline.left(argv[0]), cleaned_environment(os.environ))
    except programs.TookTooLong:
        raise deadline.passed(argv[0]) from None
    except (OSError, ValueError) as error:
        raise Unknown(f"{argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}") from None
    if code < 0:
        raise Unknown(f"{argv[0]} was ended by {programs.signal_name(-code)}")
    return code, out.decode("utf-8", "replace")
