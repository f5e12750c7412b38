"""The settings of this process, live: edits of the file are judged, one frozen `Settings` is swapped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pake_tui.clock import monotonic, now_ns
from pake_tui.engine.settings import files
from pake_tui.engine.settings.layers import (
    FileLayer,
    Resolved,
    Validator,
    changed_paths,
    read_file_layer,
    resolve,
)
from pake_tui.engine.settings.runtime import RuntimeEntry, RuntimeValue, read_runtime
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.settings.viewing import settings_of
from pake_tui.engine.settings.watched import WatchedFile
from pake_tui.errors import ConfigError
from pake_tui.model.setting import ConfigView, EditPreview, Problem, Provenance
from pake_tui.paths import holds

POLL_SECONDS = 0.2
Runtime = dict[str, RuntimeValue]
Told = Callable[[frozenset[str]], None]
Dropped = Callable[[Sequence[tuple[str, str]]], None]


class LiveSettings:
    """Settings in layers: defaults < file < environment < runtime. Safe for threads.

    Subscribers are called on the thread that noticed the change, outside any lock.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        use_env: bool,
        validators: Mapping[str, Validator] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Load. ConfigError with its problems if the first load is broken, or the file is missing.

        `path` None: no file; one that appears at `paths.default_config()` is adopted by a later look.
        `environment` is os.environ unless given; it counts only with `use_env`.
        """
        self._file = WatchedFile(path.absolute() if path is not None else None)
        self._validators = dict(validators or {})
        self._environment = (os.environ if environment is None else environment) if use_env else None
        self._runtime: Runtime = {}
        self._told: list[Told] = []
        self._told_dropped: list[Dropped] = []
        self._problems: tuple[Problem, ...] = ()
        self._version = 0
        self._polled = monotonic()
        self._lock = threading.RLock()
        self._view: ConfigView | None = None
        data = self._file.news(at_once=True) if path is not None else None
        self._layer, problems = self._read(data)
        self._resolved = resolve(self._layer, self._environment, {})
        problems += self._resolved.problems
        if problems:
            count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
            raise ConfigError(f"the configuration is refused, {count}", problems=problems)

    @property
    def path(self) -> Path | None:
        """The configuration file; None while there is none."""
        return self._file.path

    @property
    def place(self) -> Path:
        """The configuration file, or where the first edit would make it."""
        return self._file.place

    @property
    def current(self) -> Settings:
        """The settings in force."""
        return self._resolved.settings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps a newer edit of the file out of force; empty where nothing does."""
        return self._problems

    @property
    def unsettled(self) -> bool:
        """Whether the file looks as if somebody is saving it now, so that another look is due soon."""
        return self._file.unsettled

    def provenance(self, path: str) -> Provenance:
        """Where the value of a dotted path came from. KeyError."""
        return self._resolved.provenance[path]

    def subscribe(self, told: Told) -> None:
        """`told(changed paths)` is called after each swap."""
        self._told.append(told)

    def on_dropped(self, told: Dropped) -> None:
        """`told([(section, name), ...])`: an edit of the file took these runtime values out of force."""
        self._told_dropped.append(told)

    def poll(self) -> bool:
        """Look whether the file changed, at most five times a second; True if settings or problems did."""
        if monotonic() - self._polled < POLL_SECONDS:
            return False
        return self.check()

    def check(self) -> bool:
        """As `poll`, but now."""
        return self._refresh(at_once=False)

    def reload(self) -> bool:
        """Read file and environment again, drop what this process set at run time; True if anything changed.

        ConfigError with the problems; the old settings stay then.
        """
        changed = self._refresh(at_once=True)
        if self._problems:
            raise refused(self._problems)
        return self._obey(lambda now: {path: v for path, v in now.items() if not v.own}) or changed

    def update(self, section: str, *, actor: str = "", **values: object) -> None:
        """Set runtime values of a section. ConfigError names what would be accepted; nothing is set then."""
        good, problems = read_runtime(section, values, "set at run time")
        if problems:
            raise refused(problems)
        who, at_ns = actor or f"pid {os.getpid()}", now_ns()
        fresh = {path: RuntimeValue(value, who, at_ns) for path, value in good.items()}
        self._obey(lambda now: {**now, **fresh})

    def share_runtime(self, entries: Iterable[RuntimeEntry]) -> tuple[Problem, ...]:
        """Obey all the runtime values that the state holds now; wrong ones are left out and told."""
        wrong: list[Problem] = []
        shared: Runtime = {}
        for one in entries:
            good, problems = read_runtime(one.section, {one.name: one.value}, f"set by {one.actor}")
            wrong += problems
            shared |= {
                path: RuntimeValue(value, one.actor, one.at_ns, own=False) for path, value in good.items()
            }

        def merged(now: Runtime) -> Runtime:
            own = {path: value for path, value in now.items() if value.own}
            newer = {
                path: v for path, v in own.items() if path not in shared or shared[path].at_ns <= v.at_ns
            }
            return {**shared, **newer}

        self._obey(merged)
        return tuple(wrong)

    def drop_runtime(self, actor: str | None = None) -> None:
        """Forget runtime values, of one actor or all."""
        self._obey(lambda now: {path: v for path, v in now.items() if actor not in (None, v.actor)})

    def view(self) -> ConfigView:
        """Every setting with its value, meaning and provenance."""
        with self._lock:
            if self._view is None:
                self._view = self._view_of(self._layer, self._resolved, self._problems)
            return self._view

    def judge(self, text: str) -> ConfigView:
        """Judge a whole file's text without obeying it: its problems are in the answer."""
        layer, problems = self._read(text.encode("utf-8", "surrogateescape"))
        resolved = resolve(layer, self._environment, self._runtime)
        return self._view_of(layer, resolved, problems + resolved.problems)

    def preview(self, path: str, text: str) -> EditPreview:
        """What setting `path` to the typed `text` would change in the file, or why it is refused."""
        from pake_tui.engine.settings.edit import plan

        found = self._for_edit()
        if isinstance(found, Problem):
            return EditPreview(path, str(self._file.place), None, "", "", str(found))
        return plan(found, str(self._file.place), path, text, self._validators).preview

    def apply(self, path: str, text: str) -> EditPreview:
        """Write it into the file (comments and order kept, atomic), and obey it. ConfigError."""
        from pake_tui.engine.settings import writing
        from pake_tui.engine.settings.edit import plan

        place = self._file.place
        with self._lock, writing.exclusive(place.parent):
            seen = files.look(place)
            found = self._for_edit()
            if isinstance(found, Problem):
                raise refused((found,))
            made = plan(found, str(place), path, text, self._validators)
            if made.preview.problem:
                raise ConfigError(f"{path}: {made.preview.problem}")
            fresh = made.text.encode()
            if found is None:
                writing.create(place, fresh)
            elif fresh != found:
                writing.replace(place, fresh, seen)
        self._refresh(at_once=True, edited=path)
        return made.preview

    def after_fork(self) -> None:
        """In a child: a fresh lock, since a thread that is not here may have held the old one."""
        self._lock = threading.RLock()

    def _for_edit(self) -> bytes | Problem | None:
        """The file's bytes; None where the edit would make the first one."""
        if self._file.path is None and not holds(self._file.place.exists):
            return None
        return files.read(self._file.place)

    def _read(self, data: bytes | Problem | None) -> tuple[FileLayer, tuple[Problem, ...]]:
        if data is None:
            return FileLayer(str(self._file.place)), ()
        if isinstance(data, Problem):
            return FileLayer(data.file), (data,)
        from pake_tui.engine.settings.document import parse

        layer = read_file_layer(parse(data, str(self._file.place)), self._validators)
        return layer, layer.problems

    def _refresh(self, *, at_once: bool, edited: str = "") -> bool:
        """Look at the file; obey it if it is new and valid. True if settings or problems changed."""
        with self._lock:
            self._polled = monotonic()
            before = self._version
            data = self._file.news(at_once=at_once)
            if data is None and not at_once:
                return False
            layer, problems = self._read(data)
            stale = [] if problems else self._stale(layer, edited)
            runtime = {path: value for path, value in self._runtime.items() if path not in stale}
            resolved = resolve(layer, self._environment, runtime)
            problems += resolved.problems
            if problems:
                self._settle(self._resolved, problems)
                return self._version != before
            old, self._layer, self._runtime = self.current, layer, runtime
            self._settle(resolved, ())
            changed = changed_paths(old, self.current)
        self._tell(changed)
        if stale:
            for told in list(self._told_dropped):
                told([(path.partition(".")[0], path.partition(".")[2]) for path in stale])
        return self._version != before

    def _stale(self, layer: FileLayer, edited: str) -> list[str]:
        """Runtime values whose setting the file now says anew."""
        missing = object()
        return [
            path
            for path in self._runtime
            if path == edited or layer.values.get(path, missing) != self._layer.values.get(path, missing)
        ]

    def _obey(self, change: Callable[[Runtime], Runtime]) -> bool:
        """Put other runtime values in force; True if that changed anything."""
        with self._lock:
            runtime = change(self._runtime)
            if runtime == self._runtime:
                return False
            resolved = resolve(self._layer, self._environment, runtime)
            if resolved.problems:
                raise refused(resolved.problems)
            old, self._runtime = self.current, runtime
            self._settle(resolved, self._problems)
            changed = changed_paths(old, self.current)
        self._tell(changed)
        return True

    def _settle(self, resolved: Resolved, problems: tuple[Problem, ...]) -> None:
        if resolved != self._resolved or problems != self._problems:
            self._resolved, self._problems, self._view = resolved, problems, None
            self._version += 1

    def _tell(self, changed: frozenset[str]) -> None:
        if changed:
            for told in list(self._told):
                told(changed)

    def _view_of(self, layer: FileLayer, resolved: Resolved, problems: tuple[Problem, ...]) -> ConfigView:
        place, exists = str(self._file.place), self._file.path is not None
        return ConfigView(settings_of(layer, resolved), place, exists, problems, "", self._version)


def refused(problems: Sequence[Problem]) -> ConfigError:
    """The error that names the first problem and carries all."""
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return ConfigError(f"the configuration is refused: {problems[0]}{more}", problems=tuple(problems))
