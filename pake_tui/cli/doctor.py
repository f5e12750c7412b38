"""`pake-tui doctor`: what works here, what does not, and what to do.

Exit codes: 0 nothing is broken (there may be warnings) · 1 something is. With `--json` one finding per line:
`topic, level (ok, note, warning, broken), text, advice`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from pake_tui import paths
from pake_tui.cli.findings import Finding, broken, note, ok, warning
from pake_tui.cli.installing import ACCOUNT, UNIT
from pake_tui.cli.reading import Reading, open_reading, sample_once
from pake_tui.cli.surroundings import terminal, versions
from pake_tui.clock import now_ns, short_duration
from pake_tui.engine.agent_start import ENGINE_LOG, last_line
from pake_tui.engine.monitoring.instruments import OTHER
from pake_tui.engine.monitoring.spool import spool_folder
from pake_tui.engine.settings.live import LiveSettings
from pake_tui.engine.store.files import file_system, is_network, trouble_in
from pake_tui.engine.validators import VALIDATORS
from pake_tui.errors import ConfigError, PakeError
from pake_tui.model.sample import CollectorMode, SeriesKey
from pake_tui.text.safe import safe

MARKS = {"ok": "✓", "note": "·", "warning": "!", "broken": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(options: argparse.Namespace) -> int:
    """Look at everything; the exit code."""
    reading = open_reading(whatever=True)
    topics: tuple[Callable[[], Iterator[Finding]], ...] = (
        versions,
        lambda: _state(reading),
        lambda: _config(options.config, reading),
        lambda: _collector(reading),
        lambda: _metrics(reading),
        lambda: _sensors(),
        lambda: _logs(reading),
        terminal,
    )
    found: list[Finding] = []
    for topic in topics:
        try:
            found += topic()
        except PakeError as error:
            found.append(broken("state", str(error)))
    for finding in found:
        if options.json:
            print(json.dumps(finding.as_fields()))
        else:
            print(f"{MARKS[finding.level]} {finding.topic:<10} {safe(finding.text)}")
            if finding.advice:
                print(f"{'':13}{safe(finding.advice)}")
    return 1 if any(finding.level == "broken" for finding in found) else 0


def _state(reading: Reading) -> Iterator[Finding]:
    folder = reading.folder
    origin = {
        "PAKE_STATE_DIR": "named by $PAKE_STATE_DIR",
        "host-wide": "the host's own, since this user may write there",
        "private": "this user's own",
    }[folder.origin]
    if reading.problem:
        yield broken("state", reading.problem)
    if folder.writable:
        yield ok("state", f"{folder.path}, {origin}")
    elif not folder.path.exists() and os.access(_nearest(folder.path), os.W_OK):
        yield note("state", f"{folder.path}, {origin}; the console makes it")
    else:
        yield broken("state", folder.problem, "set PAKE_STATE_DIR, or make that folder writable")
    if folder.path.is_dir():
        yield note("state", _who_writes(folder.path))
        trouble, stops = trouble_in(folder.path)
        if trouble:
            advice = "make room there" if stops else "delete it once nobody needs it"
            yield (broken if stops else warning)("state", trouble, advice)
    if is_network(kind := file_system(folder.path)):
        yield warning(
            "state", f"it lies on a network file system ({kind}); set PAKE_STATE_DIR to a local one"
        )
    for other in paths.other_state_folders(folder.path):
        yield warning("state", f"another state folder is in use: {other}", "its alerts are not shown here")
    for remark in (*reading.state.notes, *reading.metrics.notes):
        yield warning("state", remark)
    spools = list(spool_folder(folder.path).glob("*")) if folder.path.is_dir() else []
    if spools and not reading.living:
        yield warning("state", f"{len(spools)} spools of alerts wait for a collector", "run `pake-tui agent`")


def _metrics(reading: Reading) -> Iterator[Finding]:
    """Metrics whose tags have more values than are kept apart."""
    full = {
        SeriesKey(key.metric.removesuffix(".count"), (), key.service).label
        for key in reading.metrics.catalog()
        if tuple(tag for tag in key.tags if tag[0] != "stat") == OTHER
    }
    for name in sorted(full):
        yield warning(
            "metrics",
            f"{name} has more series than are kept apart; the rest is its {{other=true}}",
            "give its tags fewer different values: no ids, no paths with ids in them",
        )


def _nearest(path: Path) -> Path:
    """The first folder above that exists."""
    return next(parent for parent in path.parents if parent.exists())


def _who_writes(folder: Path) -> str:
    """Who can write in a state folder, and who cannot."""
    import grp
    import stat

    facts = folder.stat()
    owner = paths.user_name(facts.st_uid)
    if facts.st_mode & stat.S_IWOTH:
        return "everybody can write there; run: chmod o-w " + str(folder)
    if not facts.st_mode & stat.S_IWGRP:
        who = owner if owner == "root" else f"{owner} and root"
        return f"only {who} can write there: services of other users keep a state of their own"
    try:
        group = grp.getgrgid(facts.st_gid)
    except KeyError:
        return f"{owner}, root and the unknown group {facts.st_gid} can write there; nobody else"
    members = ", ".join(group.gr_mem) or "no further members"
    return f"{owner}, root and the group {group.gr_name} ({members}) can write there; nobody else"


def _config(named: Path | None, reading: Reading) -> Iterator[Finding]:
    path = named or paths.find_config()
    obeyed = reading.collector.config_path if reading.living else ""
    if path is None:
        yield note("config", f"no file: defaults are in force; the first edit makes {paths.default_config()}")
    try:
        live = LiveSettings(path, use_env=True, validators=VALIDATORS)
    except ConfigError as error:
        advice = "`pake-tui config validate` judges a file without obeying it"
        for problem in error.problems or (error,):
            yield broken("config", str(problem), advice)
            advice = ""
        return
    if path is not None:
        yield ok("config", f"{path} is valid")
    if path is not None and obeyed and os.path.realpath(obeyed) != os.path.realpath(path):
        yield warning(
            "config", f"the collector obeys another file: {obeyed}", "every console shows and edits that"
        )
    for setting in live.view().settings:
        if setting.provenance.overrides:
            hidden = f"{setting.path} is {setting.value} from {setting.provenance.place}"
            yield note("config", f"{hidden}; it hides {setting.provenance.overrides}")


def _collector(reading: Reading) -> Iterator[Finding]:
    status = reading.collector
    if reading.living:
        kind = "permanent agent" if status.mode is CollectorMode.AGENT else "started on demand"
        yield ok("collector", f"pid {status.pid}, {kind}, obeys {status.config_path}")
        if status.mode is CollectorMode.OWN:
            yield note("collector", "nobody is paged once it leaves", "sudo pake-tui agent --install")
    elif status.mode is CollectorMode.STALE:
        silent = short_duration(now_ns() - (status.heartbeat_ns or 0))
        yield broken("collector", f"pid {status.pid} is silent for {silent}; the next console replaces it")
    else:
        never = os.environ.get("PAKE_COLLECTOR") == "never"
        why = ", and $PAKE_COLLECTOR forbids to start one" if never else "; a console starts one"
        yield note("collector", f"none runs{why}")
    yield from _service(reading)
    if line := last_line(reading.folder.path):
        yield note("collector", f"last line of {reading.folder.path / ENGINE_LOG}: {line}")


def _service(reading: Reading) -> Iterator[Finding]:
    """The installed service, where there is one: whether it runs, and on the folder that is looked at."""
    if not UNIT.exists():
        return
    asked = ["systemctl", "is-active", UNIT.stem]
    try:
        state = subprocess.run(asked, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        yield warning("service", f"systemd cannot be asked: {error}")
        return
    if state != "active":
        yield broken("service", f"{UNIT.stem} is {state or 'unknown'}", f"journalctl -u {UNIT.stem} says why")
    elif reading.folder.path != paths.HOST_WIDE_STATE:
        advice = f"join its group: sudo usermod -aG {ACCOUNT} {paths.user_name()}"
        yield warning("service", f"it keeps {paths.HOST_WIDE_STATE}, not the folder used here", advice)
    else:
        yield ok("service", f"{UNIT.stem} is active")


def _sensors() -> Iterator[Finding]:
    sample = sample_once()
    yield ok("sensors", f"{len(sample.values)} series can be measured here")
    for name, why in sorted(sample.absent.items()):
        yield note("sensors", f"{name}: {why}")
    for name, why in sorted(sample.problems.items()):
        yield warning("sensors", f"{name}: n/a: {why}")


def _logs(reading: Reading) -> Iterator[Finding]:
    """Files that applications registered, readable or not."""
    if reading.problem:
        return
    rows = reading.state.loggers.paths()
    if not rows:
        yield note(
            "logs", "no application registered a log file", "name others with `logs:` in the configuration"
        )
    readable = 0
    for row in rows:
        try:
            with row.path.open("rb"):
                readable += 1
        except OSError as error:
            advice = f"needs read permission for {paths.user_name()}" if error.errno == 13 else ""
            yield warning("logs", f"{row.path} ({row.service}): {error.strerror}", advice)
    if readable:
        yield ok("logs", f"{readable} of {len(rows)} registered log files are readable")
