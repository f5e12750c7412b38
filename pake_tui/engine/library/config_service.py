"""`get_config_service()`: the settings in force, changes at run time, a look at the surroundings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from pake_tui.engine.settings.live import LiveSettings
from pake_tui.model.setting import Layer


class Validation(TypedDict):
    """`valid` is whether `errors` is empty; each entry is a sentence with the way out."""

    valid: bool
    errors: list[str]
    warnings: list[str]


class LiveSection:
    """One section of the settings, live: reading gives the value in force, assigning changes it."""

    def __init__(self, name: str, read: Callable[[], Any], update: Callable[..., None]) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_read", read)
        object.__setattr__(self, "_update", update)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return getattr(self._read(), name)
        except AttributeError:
            raise AttributeError(
                f"{self._name} has no setting {name!r}; it has {', '.join(dir(self))}"
            ) from None

    def __setattr__(self, name: str, value: object) -> None:
        self._update(**{name: value})

    def __dir__(self) -> list[str]:
        return sorted(name for name in dir(self._read()) if not name.startswith("_"))

    def __repr__(self) -> str:
        return repr(self._read())


class ConfigService:
    """The configuration of this process. A change that is refused raises ConfigError."""

    def __init__(
        self,
        settings: Callable[[], LiveSettings],
        actor: Callable[[], str],
        share: Callable[[dict[str, object]], None],
        unshare: Callable[[], None],
        surroundings: Callable[[], tuple[list[str], str]],
    ) -> None:
        self._settings = settings
        self._actor = actor
        self._share = share
        self._unshare = unshare
        self._surroundings = surroundings
        self.logging_config = LiveSection(
            "logging", lambda: settings().current.logging, self.update_logging_config
        )
        self.monitoring_config = LiveSection(
            "monitoring", lambda: settings().current.monitoring, self.update_monitoring_config
        )

    def update_logging_config(self, **values: Any) -> None:
        """Change logging settings of this process at once, until a reload. ConfigError."""
        self._settings().update("logging", actor=self._actor(), **values)

    def update_monitoring_config(self, **values: Any) -> None:
        """Change monitoring settings at once: of this process, and of the collector, which obeys until a
        reload or an edit of the file. ConfigError.
        """
        self._settings().update("monitoring", actor=self._actor(), **values)
        self._share(values)

    def reload_configuration(self) -> None:
        """Read the file again and drop what was changed at run time by this process. ConfigError."""
        self._unshare()
        self._settings().reload()

    def validate_environment(self) -> Validation:
        """What is wrong with the configuration and its surroundings, and what is merely odd."""
        view = self._settings().view()
        broken, state_problem = self._surroundings()
        errors = [*broken, *(str(problem) for problem in view.problems)]
        warnings = []
        logging = self._settings().current.logging
        if logging.file_enabled:
            errors += _folder_problems(Path(logging.log_directory).expanduser())
        elif not logging.console_enabled:
            warnings.append(
                "logs go nowhere: both logging.file_enabled and logging.console_enabled are false"
            )
        if state_problem:
            warnings.append(f"alerts and metrics cannot be stored: {state_problem} (set $PAKE_STATE_DIR)")
        warnings += [
            f"{setting.path} comes from {setting.provenance.place} and hides the file's "
            f"{setting.provenance.overrides}"
            for setting in view.settings
            if setting.provenance.layer is Layer.ENVIRONMENT and setting.provenance.overrides
        ]
        return Validation(valid=not errors, errors=errors, warnings=warnings)


def _folder_problems(folder: Path) -> list[str]:
    """Why nobody could write log files there."""
    try:
        folder = folder.absolute()
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    except (OSError, StopIteration) as error:
        return [f"logging.log_directory {folder} cannot be looked at: {error}"]
    if not nearest.is_dir():
        return [f"logging.log_directory {folder}: {nearest} is no folder; set another one"]
    if not os.access(nearest, os.W_OK | os.X_OK):
        return [f"logging.log_directory {folder}: {nearest} cannot be written by this user; set another one"]
    return []
