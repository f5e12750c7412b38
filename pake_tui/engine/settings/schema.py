"""The settings: one schema for defaults, checks, the config screen, the README's table and the JSON schema.

A section is a frozen dataclass; each field carries an option's facts as metadata. Nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any, get_type_hints

from pake_tui.model.record import Level


class SecurityLevel(StrEnum):
    """How confidential log lines are; decides the mode of log files and whether masking can be off."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


def _about(
    meaning: str,
    env: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    empty: bool = False,
) -> dict[str, Any]:
    return {"meaning": meaning, "env": env, "low": low, "high": high, "choices": choices, "empty": empty}


def _option(default: Any, *about: str, **limits: Any) -> Any:
    return field(default=default, metadata=_about(*about, **limits))


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What the logger of an application writes, where, and how."""

    service_name: str = _option("app", "name of the service, and of its log file", "LOG_SERVICE_NAME")
    environment: str = _option(
        "", "environment the service runs in, e.g. production", "LOG_ENVIRONMENT", empty=True
    )
    log_level: Level = field(default=Level.INFO, metadata=_about("least level that is written", "LOG_LEVEL"))
    json_format: bool = _option(True, "write JSON lines; false writes key=value lines", "LOG_JSON")
    console_enabled: bool = _option(True, "write to standard error", "LOG_CONSOLE")
    file_enabled: bool = _option(True, "write to log_directory/service_name.log", "LOG_FILE")
    log_directory: str = _option(
        "logs", "folder of the log files; relative to where it was started", "LOG_DIRECTORY"
    )
    max_file_size_mb: float = _option(
        100.0,
        "a log file that would grow past this rotates, MiB",
        "LOG_MAX_FILE_SIZE_MB",
        low=0.01,
        high=100_000,
    )
    backup_count: int = _option(10, "rotated files that are kept", "LOG_BACKUP_COUNT", low=0, high=1000)
    rotation_frequency: str = _option(
        "daily",
        "a log file rotates at least this often (UTC)",
        "LOG_ROTATION_FREQUENCY",
        choices=("never", "hourly", "daily", "weekly"),
    )
    mask_sensitive_data: bool = _option(
        True, "mask secrets in log lines; false counts on public and internal only", "LOG_MASK_SENSITIVE"
    )
    security_level: SecurityLevel = field(
        default=SecurityLevel.INTERNAL,
        metadata=_about(
            "confidentiality; files are 0644 public, 0640 internal and confidential, 0600 restricted",
            "LOG_SECURITY_LEVEL",
        ),
    )
    async_logging: bool = _option(False, "write from a background thread with a bounded queue", "LOG_ASYNC")


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """How often things are judged, the built-in thresholds, and how often people are told."""

    service_name: str = _option(
        "app", "name under which metrics and alerts are kept", "MONITORING_SERVICE_NAME"
    )
    environment: str = _option(
        "", "environment, shown in the console's header", "MONITORING_ENVIRONMENT", empty=True
    )
    collection_interval_seconds: float = _option(
        30.0,
        "how often instruments, rules and checks are judged; the host is sampled every second",
        "MONITORING_COLLECTION_INTERVAL",
        low=1,
        high=3600,
    )
    cpu_threshold_percent: float = _option(
        80.0, "cpu use above this is an alert", "MONITORING_CPU_THRESHOLD", low=0, high=100
    )
    memory_threshold_percent: float = _option(
        85.0, "memory use above this is an alert", "MONITORING_MEMORY_THRESHOLD", low=0, high=100
    )
    disk_threshold_percent: float = _option(
        90.0, "use of any disk above this is an alert", "MONITORING_DISK_THRESHOLD", low=0, high=100
    )
    alerting_enabled: bool = _option(True, "judge rules and let alerts fire", "MONITORING_ALERTING")
    alert_cooldown_minutes: float = _option(
        30.0,
        "one alert notifies at most once in this time, and reopens if it fires again within it",
        "MONITORING_ALERT_COOLDOWN_MINUTES",
        low=0,
        high=10_080,
    )
    max_alerts_per_hour: int = _option(
        10,
        "notices past this in an hour are held back and summed up; critical ones never",
        "MONITORING_MAX_ALERTS_PER_HOUR",
        low=1,
        high=10_000,
    )
    prometheus_enabled: bool = _option(
        False, "export to Prometheus (accepted, does nothing yet)", "MONITORING_PROMETHEUS"
    )
    datadog_enabled: bool = _option(
        False, "export to Datadog (accepted, does nothing yet)", "MONITORING_DATADOG"
    )


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Who samples. In the file `collector: never` is short for `collector: {mode: never}`."""

    mode: str = _option(
        "auto",
        "auto starts a collector where none runs; never forbids it",
        "PAKE_COLLECTOR",
        choices=("auto", "never"),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of queues, caches and histories; what is past one is dropped, counted and said."""

    log_queue: int = _option(10_000, "lines that async_logging may have waiting", low=100, high=1_000_000)
    log_files: int = _option(500, "files in one log view; the newest are taken", low=1, high=10_000)
    record_bytes: int = _option(65_536, "bytes of one log record that are read", low=1024, high=16_777_216)
    index_bytes: int = _option(
        1_000_000_000,
        "bytes that the index of all your log files may have; 0 keeps none",
        low=0,
        high=100_000_000_000,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings in force at one moment. `rules` are as the file has them; treat them as frozen."""

    logging: LoggingSettings = LoggingSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    collector: CollectorSettings = CollectorSettings()
    limits: Limits = Limits()
    rules: tuple[Mapping[str, object], ...] = ()
    logs: tuple[str, ...] = ()
    correlation_ids: tuple[str, ...] = ()


SECTIONS: Mapping[str, type] = {
    "logging": LoggingSettings,
    "monitoring": MonitoringSettings,
    "collector": CollectorSettings,
    "limits": Limits,
}
SHORTHANDS: Mapping[str, str] = {"collector": "mode"}
"""Sections that may be a plain value, which then is that option's."""
LISTS: Mapping[str, str] = {
    "rules": "alert rules: name, metric, op, threshold, for, severity, tags",
    "logs": "globs of log files to show, beside those that applications registered",
    "correlation_ids": "names of fields that hold a correlation ID, beside the well-known ones",
}
KEYS: tuple[str, ...] = (*SECTIONS, *LISTS)
"""Top-level keys of the file."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a section: its type, default, meaning, limits (inclusive), and environment variable."""

    section: str
    name: str
    kind: type
    default: Any
    meaning: str
    env: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    empty: bool

    @property
    def path(self) -> str:
        """`monitoring.cpu_threshold_percent`."""
        return f"{self.section}.{self.name}"


@cache
def options() -> Mapping[str, Option]:
    """Every option by its path, in the schema's order."""
    found = {}
    for section, owner in SECTIONS.items():
        hints = get_type_hints(owner)
        for one in fields(owner):
            facts = dict(one.metadata)
            kind = hints[one.name]
            if kind is Level:
                facts["choices"] = tuple(level.name for level in Level)
            elif kind is SecurityLevel:
                facts["choices"] = tuple(level.value for level in SecurityLevel)
            option = Option(section, one.name, kind, one.default, **facts)
            found[option.path] = option
    return found


def options_of(section: str) -> Mapping[str, Option]:
    """The options of one section by their names; empty for a section that has none."""
    return {option.name: option for option in options().values() if option.section == section}
