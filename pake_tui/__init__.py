"""The library's public names, each imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pake_tui.engine.library import get_config_service, get_logger, get_monitor
    from pake_tui.engine.settings.schema import SecurityLevel
    from pake_tui.errors import ConfigError, PakeError
    from pake_tui.model.alert import AlertState
    from pake_tui.model.alert import Severity as AlertSeverity
    from pake_tui.model.check import HealthState as HealthStatus

__all__ = [
    "AlertSeverity",
    "AlertState",
    "ConfigError",
    "HealthStatus",
    "PakeError",
    "SecurityLevel",
    "get_config_service",
    "get_logger",
    "get_monitor",
]
_HOMES = {
    "AlertSeverity": ("pake_tui.model.alert", "Severity"),
    "AlertState": ("pake_tui.model.alert", "AlertState"),
    "ConfigError": ("pake_tui.errors", "ConfigError"),
    "HealthStatus": ("pake_tui.model.check", "HealthState"),
    "PakeError": ("pake_tui.errors", "PakeError"),
    "SecurityLevel": ("pake_tui.engine.settings.schema", "SecurityLevel"),
    "get_config_service": ("pake_tui.engine.library", "get_config_service"),
    "get_logger": ("pake_tui.engine.library", "get_logger"),
    "get_monitor": ("pake_tui.engine.library", "get_monitor"),
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pake_tui' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    value = getattr(import_module(home[0]), home[1])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
