"""Where finished events go: the service's file, standard error; nothing here ever fails its caller."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from pake_tui.clock import now_ns
from pake_tui.engine.logger import pipeline
from pake_tui.engine.logger.background import Background
from pake_tui.engine.logger.encode import Event, console_line, json_line, logfmt_line
from pake_tui.engine.logger.files import FilePlan, FileSink
from pake_tui.engine.settings.schema import LoggingSettings, SecurityLevel, Settings
from pake_tui.model.record import Level
from pake_tui.text.own import own_of

_MODES = {
    SecurityLevel.PUBLIC: 0o644,
    SecurityLevel.INTERNAL: 0o640,
    SecurityLevel.CONFIDENTIAL: 0o640,
    SecurityLevel.RESTRICTED: 0o600,
}
_MAY_SHOW = frozenset({SecurityLevel.PUBLIC, SecurityLevel.INTERNAL})
FLUSH_SECONDS = 5.0
MAX_FILES = 200
"""Files of one process that are kept open."""


def warn(text: str) -> None:
    """A line on standard error, where there is one."""
    try:
        sys.stderr.write(f"pake-tui: {text}\n")
    except (AttributeError, OSError, ValueError):
        # Closed, gone or None: there is nobody left to tell.
        return


class Target(Struct):
    """One file with what went wrong on it since the last line that was written."""

    sink: FileSink
    service: str
    known: bool = False
    lost: int = 0
    reason: str = ""


class Output:
    """Writes events as the settings of this moment say. One per process.

    `on_file(service, path)` is called once for each file, after its first line.
    """

    def __init__(
        self, settings: Callable[[], Settings], on_file: Callable[[str, Path], None], base: Path
    ) -> None:
        self._settings = settings
        self._on_file = on_file
        self.base = base
        self._targets: dict[Path, Target] = {}
        self._by_place: dict[tuple[str, str], Target] = {}
        self._lock = threading.RLock()
        self._warned: set[str] = set()
        self._background = Background(self._write_queued)
        self._closed = False
        self.dropped = 0
        """Lines of this process that reached no file: queue full, disk full, no permission."""

    @property
    def config(self) -> LoggingSettings:
        """The logging settings in force now."""
        return self._settings().logging

    def path_of(self, service: str) -> Path:
        """The absolute file that a service's lines go to."""
        name = re.sub(r"[^\w.@+-]", "_", service).strip(".")[:100] or "app"
        return self.base / Path(self.config.log_directory).expanduser() / f"{name}.log"

    def emit(self, event: Event) -> None:
        """Finish an event and write it to every sink that is on."""
        try:
            settings = self._settings()
            config = settings.logging
            if not config.console_enabled and not config.file_enabled:
                return
            shown = not config.mask_sensitive_data and config.security_level in _MAY_SHOW
            own = own_of(settings.masking.keys, settings.masking.patterns)
            done = pipeline.run(event, pipeline.OPEN if shown else pipeline.masked(own))
        except Exception as error:
            self.warn_once(f"a record could not be made ({type(error).__name__}) and was left out")
            self.dropped += 1
            return
        if config.console_enabled:
            self._to_console(json_line(done) if config.json_format else console_line(done))
        if config.file_enabled:
            self._to_file(done, config)

    def targets(self) -> tuple[Target, ...]:
        """The files written to so far."""
        return tuple(self._targets.values())

    def flush(self, timeout_s: float = FLUSH_SECONDS) -> bool:
        """Wait until queued lines are in their files; False where that took longer than `timeout_s`."""
        return self._background.flush(timeout_s)

    def close(self) -> None:
        """Flush, and give the files back; later lines open them again and are written at once."""
        self._closed = True
        self.flush()
        for target in self.targets():
            target.sink.close()

    def after_fork(self) -> None:
        """In a child: fresh locks; what is queued is the parent's to write."""
        self._lock = threading.RLock()
        self._background = Background(self._write_queued)
        self.dropped = 0
        for target in self.targets():
            target.sink.after_fork()
            target.known, target.lost = False, 0

    def warn_once(self, text: str) -> None:
        """Say it on standard error, the first time only."""
        if text not in self._warned and len(self._warned) < 100:
            self._warned.add(text)
            warn(text)

    def _to_console(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            return

    def _to_file(self, event: Event, config: LoggingSettings) -> None:
        target = self._target(config.log_directory, str(event["service"]))
        text = json_line(event) if config.json_format else logfmt_line(event)
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        if not config.async_logging or self._closed:
            if self._background.waiting:
                self._background.flush(FLUSH_SECONDS)
            self._write(target, line)
        elif not self._background.offer((target, line), self._settings().limits.log_queue):
            self._count_lost(target, "the queue of async_logging was full")

    def _target(self, folder: str, service: str) -> Target:
        place = (folder, service)
        target = self._by_place.get(place)
        if target is None:
            path = self.path_of(service)
            with self._lock:
                target = self._targets.setdefault(path, Target(FileSink(path), service))
                self._by_place[place] = target
                if len(self._targets) > MAX_FILES:
                    self._forget(next(iter(self._targets.values())))
        return target

    def _forget(self, target: Target) -> None:
        """Close the file that was opened first; who still writes to it opens it again."""
        del self._targets[target.sink.path]
        self._by_place = {place: kept for place, kept in self._by_place.items() if kept is not target}
        target.sink.close()

    def _write_queued(self, item: object) -> None:
        if isinstance(item, tuple):
            self._write(item[0], item[1])

    def _write(self, target: Target, line: bytes) -> None:
        config = self.config
        plan = FilePlan(
            _MODES[config.security_level],
            int(config.max_file_size_mb * 1_048_576),
            config.backup_count,
            config.rotation_frequency,
        )
        told = target.lost
        try:
            if told:
                line = self._confession(target, told) + line
            target.sink.write(line, plan, now_ns())
        except OSError as error:
            self._count_lost(target, error.strerror or type(error).__name__)
            self.warn_once(
                f"cannot write {target.sink.path}: {error.strerror}; log lines are dropped until that works "
                "(free space, give this user the permission, or set logging.log_directory or $LOG_DIRECTORY)"
            )
            return
        except Exception as error:
            self._count_lost(target, type(error).__name__)
            return
        if told:
            with self._lock:
                target.lost -= told
        if target.sink.rotation_problem:
            self.warn_once(f"{target.sink.rotation_problem}; it grows instead")
        if not target.known:
            target.known = True
            self._on_file(target.service, target.sink.path)

    def _count_lost(self, target: Target, reason: str) -> None:
        with self._lock:
            self.dropped += 1
            target.lost += 1
            target.reason = reason

    def _confession(self, target: Target, lost: int) -> bytes:
        """The line that tells, in the file itself, what is missing from it."""
        event = pipeline.begin(
            Level.WARNING, target.service, "pake_tui", "Log lines were lost here", "", {"lost": lost}
        )
        event["reason"] = target.reason
        text = json_line(event) if self.config.json_format else logfmt_line(event)
        return text.encode("utf-8", "backslashreplace") + b"\n"
