"""The settings: one schema for defaults, checks, the config screen, the README's table and the JSON schema.

Each field of a section is annotated with its option's facts. Nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import asdict

from pake_tui.model.record import Level


class SecurityLevel(StrEnum):
    """How confidential log lines are; decides the mode of log files and whether masking can be off."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class About(Struct, frozen=True):
    """What a section's annotation says of an option: meaning, environment variable, limits (inclusive)."""

    meaning: str
    env: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    empty: bool = False


class LoggingSettings(Struct, frozen=True):
    """What the logger of an application writes, where, and how."""

    service_name: Annotated[str, About("name of the service, and of its log file", "LOG_SERVICE_NAME")] = (
        "app"
    )
    environment: Annotated[
        str, About("environment the service runs in, e.g. production", "LOG_ENVIRONMENT", empty=True)
    ] = ""
    log_level: Annotated[Level, About("least level that is written", "LOG_LEVEL")] = Level.INFO
    json_format: Annotated[bool, About("write JSON lines; false writes key=value lines", "LOG_JSON")] = True
    console_enabled: Annotated[bool, About("write to standard error", "LOG_CONSOLE")] = True
    file_enabled: Annotated[bool, About("write to log_directory/service_name.log", "LOG_FILE")] = True
    log_directory: Annotated[
        str, About("folder of the log files; relative to where it was started", "LOG_DIRECTORY")
    ] = "logs"
    max_file_size_mb: Annotated[
        float,
        About(
            "a log file that would grow past this rotates, MiB",
            "LOG_MAX_FILE_SIZE_MB",
            low=0.01,
            high=100_000,
        ),
    ] = 100.0
    backup_count: Annotated[
        int, About("rotated files that are kept", "LOG_BACKUP_COUNT", low=0, high=1000)
    ] = 10
    rotation_frequency: Annotated[
        str,
        About(
            "a log file rotates at least this often (UTC)",
            "LOG_ROTATION_FREQUENCY",
            choices=("never", "hourly", "daily", "weekly"),
        ),
    ] = "daily"
    mask_sensitive_data: Annotated[
        bool,
        About("mask secrets in log lines; false counts on public and internal only", "LOG_MASK_SENSITIVE"),
    ] = True
    security_level: Annotated[
        SecurityLevel,
        About(
            "confidentiality; files are 0644 public, 0640 internal and confidential, 0600 restricted",
            "LOG_SECURITY_LEVEL",
        ),
    ] = SecurityLevel.INTERNAL
    async_logging: Annotated[
        bool, About("write from a background thread with a bounded queue", "LOG_ASYNC")
    ] = False


class MonitoringSettings(Struct, frozen=True):
    """How often things are judged, the built-in thresholds, and how often people are told."""

    service_name: Annotated[
        str, About("name under which metrics and alerts are kept", "MONITORING_SERVICE_NAME")
    ] = "app"
    environment: Annotated[
        str, About("environment, shown in the console's header", "MONITORING_ENVIRONMENT", empty=True)
    ] = ""
    collection_interval_seconds: Annotated[
        float,
        About(
            "how often instruments, rules and checks are judged; the host is sampled every second",
            "MONITORING_COLLECTION_INTERVAL",
            low=1,
            high=3600,
        ),
    ] = 30.0
    cpu_threshold_percent: Annotated[
        float, About("cpu use above this is an alert", "MONITORING_CPU_THRESHOLD", low=0, high=100)
    ] = 80.0
    memory_threshold_percent: Annotated[
        float, About("memory use above this is an alert", "MONITORING_MEMORY_THRESHOLD", low=0, high=100)
    ] = 85.0
    disk_threshold_percent: Annotated[
        float, About("use of any disk above this is an alert", "MONITORING_DISK_THRESHOLD", low=0, high=100)
    ] = 90.0
    alerting_enabled: Annotated[bool, About("judge rules and let alerts fire", "MONITORING_ALERTING")] = True
    alert_cooldown_minutes: Annotated[
        float,
        About(
            "one alert notifies at most once in this time, and reopens if it fires again within it",
            "MONITORING_ALERT_COOLDOWN_MINUTES",
            low=0,
            high=10_080,
        ),
    ] = 30.0
    max_alerts_per_hour: Annotated[
        int,
        About(
            "notices past this in an hour are held back and summed up; critical ones never",
            "MONITORING_MAX_ALERTS_PER_HOUR",
            low=1,
            high=10_000,
        ),
    ] = 10
    prometheus_enabled: Annotated[
        bool,
        About("the collector serves http://127.0.0.1:PORT/metrics for Prometheus", "MONITORING_PROMETHEUS"),
    ] = False
    prometheus_port: Annotated[
        int, About("port of that on loopback", "MONITORING_PROMETHEUS_PORT", low=1, high=65_535)
    ] = 9464
    datadog_enabled: Annotated[
        bool,
        About("applications send their metrics to Datadog's agent (DogStatsD)", "MONITORING_DATADOG"),
    ] = False


class CollectorSettings(Struct, frozen=True):
    """Who samples. In the file `collector: never` is short for `collector: {mode: never}`."""

    mode: Annotated[
        str,
        About(
            "auto starts a collector where none runs; never forbids it",
            "PAKE_COLLECTOR",
            choices=("auto", "never"),
        ),
    ] = "auto"


class FollowSettings(Struct, frozen=True):
    """How growing log files are noticed. In the file `follow: poll` is short for `follow: {mode: poll}`."""

    mode: Annotated[
        str,
        About(
            "auto hears of new lines from the kernel where it tells, poll looks four times a second",
            "PAKE_FOLLOW",
            choices=("auto", "poll"),
        ),
    ] = "auto"


class Limits(Struct, frozen=True):
    """Bounds of queues, caches and histories; what is past one is dropped, counted and said."""

    log_queue: Annotated[int, About("lines that async_logging may have waiting", low=100, high=1_000_000)] = (
        10_000
    )
    log_files: Annotated[int, About("files in one log view; the newest are taken", low=1, high=10_000)] = 500
    record_bytes: Annotated[
        int, About("bytes of one log record that are read", low=1024, high=16_777_216)
    ] = 65_536
    index_bytes: Annotated[
        int,
        About(
            "bytes that the index of all your log files may have; 0 keeps none", low=0, high=100_000_000_000
        ),
    ] = 1_000_000_000
    metrics_bytes: Annotated[
        int,
        About(
            "bytes that metrics.db may hold; the oldest hours go first", low=1_000_000, high=100_000_000_000
        ),
    ] = 100_000_000
    unpacked_bytes: Annotated[
        int,
        About(
            "bytes that compressed log files may have unpacked, in your cache",
            low=0,
            high=1_000_000_000_000,
        ),
    ] = 4_000_000_000


class MaskingSettings(Struct, frozen=True):
    """What is secret beside what always is: `LISTS` says of each what it holds."""

    keys: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Settings(Struct, frozen=True):
    """All settings in force at one moment. `rules`, `checks` and the like are the file's own: frozen."""

    logging: LoggingSettings = LoggingSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    collector: CollectorSettings = CollectorSettings()
    follow: FollowSettings = FollowSettings()
    limits: Limits = Limits()
    rules: tuple[Mapping[str, object], ...] = ()
    checks: tuple[Mapping[str, object], ...] = ()
    notifiers: tuple[Mapping[str, object], ...] = ()
    maintenance: tuple[Mapping[str, object], ...] = ()
    logs: tuple[str, ...] = ()
    correlation_ids: tuple[str, ...] = ()
    formats: tuple[Mapping[str, object], ...] = ()
    masking: MaskingSettings = MaskingSettings()


SECTIONS: Mapping[str, type[Struct]] = {
    "logging": LoggingSettings,
    "monitoring": MonitoringSettings,
    "collector": CollectorSettings,
    "follow": FollowSettings,
    "limits": Limits,
}
SHORTHANDS: Mapping[str, str] = {"collector": "mode", "follow": "mode"}
"""Sections that may be a plain value, which then is that option's."""
LISTS: Mapping[str, str] = {
    "rules": "alert rules: name, metric, op, threshold, for, severity, tags",
    "checks": "health checks: name, what is asked (http, tcp, redis, process, …), interval, timeout, retries",
    "notifiers": "who is told of alerts: name, webhook, command or email, severity, tags",
    "maintenance": "recurring windows in which nobody is told: name, start, duration, days, match",
    "logs": "globs of log files to show, beside those that applications registered",
    "correlation_ids": "names of fields that hold a correlation ID, beside the well-known ones",
    "formats": "log formats of your own: name, pattern with named groups, levels, time",
    "masking.keys": "names of fields that are secret, beside the well-known ones",
    "masking.patterns": "regular expressions of what is masked: their groups, else all they match",
}
"""The file's lists; those with a dot in their name stand in a section of their own."""
MAPPINGS: Mapping[str, str] = {
    "rules": "name, metric, op, threshold, …",
    "checks": "name, http, …",
    "notifiers": "name, webhook, …",
    "maintenance": "name, start, duration, …",
    "formats": "name, pattern, …",
}
"""Lists of mappings with what an entry begins with; the others hold text."""
LIST_SECTIONS: Mapping[str, type[Struct]] = {"masking": MaskingSettings}
"""Sections that hold lists alone."""
KEYS: tuple[str, ...] = (*SECTIONS, *(name for name in LISTS if "." not in name), *LIST_SECTIONS)
"""Top-level keys of the file."""


class Option(Struct, frozen=True):
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
        hints = get_type_hints(owner, include_extras=True)
        for name, default in zip(owner.__struct_fields__, owner.__struct_defaults__, strict=True):
            kind, about = get_args(hints[name])
            facts = asdict(about)
            if kind is Level:
                facts["choices"] = tuple(level.name for level in Level)
            elif kind is SecurityLevel:
                facts["choices"] = tuple(level.value for level in SecurityLevel)
            option = Option(section, name, kind, default, **facts)
            found[option.path] = option
    return found


def options_of(section: str) -> Mapping[str, Option]:
    """The options of one section by their names; empty for a section that has none."""
    return {option.name: option for option in options().values() if option.section == section}
