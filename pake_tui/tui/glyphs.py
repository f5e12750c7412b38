"""The characters that screens are drawn with, and their ASCII stand-ins."""

from __future__ import annotations

from msgspec import Struct

from pake_tui.model.alert import Alert, AlertState, Severity
from pake_tui.model.check import HealthState
from pake_tui.model.record import Level


class Glyphs(Struct, frozen=True):
    """One set of drawing characters; each is one cell wide."""

    top_left: str = "╭"
    focus_left: str = "┏"
    top_right: str = "╮"
    bottom_left: str = "╰"
    bottom_right: str = "╯"
    across: str = "─"
    down: str = "│"
    bar: str = "━"
    threshold: str = "┊"
    spark: str = "▁▂▃▄▅▆▇█"
    gap: str = "·"
    firing: str = "▲"
    acked: str = "✓"
    snoozed: str = "z"
    resolved: str = "–"
    healthy: str = "●"
    degraded: str = "◐"
    unhealthy: str = "✗"
    unknown: str = "○"
    live: str = "●"
    paused: str = "‖"
    ellipsis: str = "…"
    caret: str = "▏"
    separator: str = "·"
    times: str = "×"
    pointer: str = "›"
    marked: str = "◆"
    up: str = "↑"
    below: str = "▼"


UNICODE = Glyphs()
ASCII = Glyphs(
    top_left="+",
    focus_left="#",
    top_right="+",
    bottom_left="+",
    bottom_right="+",
    across="-",
    down="|",
    bar="=",
    threshold=":",
    spark="_.-=#",
    gap=" ",
    firing="!",
    acked="v",
    snoozed="z",
    resolved="-",
    healthy="o",
    degraded="%",
    unhealthy="x",
    unknown="?",
    live="*",
    paused="=",
    ellipsis="~",
    caret="_",
    separator="-",
    times="x",
    pointer=">",
    marked="#",
    up="^",
    below="v",
)

SEVERITY_WORD = {
    Severity.CRITICAL: "CRIT",
    Severity.HIGH: "HIGH",
    Severity.MEDIUM: "MED ",
    Severity.LOW: "LOW ",
}
SEVERITY_ROLE = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
LEVEL_WORD = {
    Level.DEBUG: "DEBUG",
    Level.INFO: "INFO",
    Level.WARNING: "WARN",
    Level.ERROR: "ERROR",
    Level.CRITICAL: "CRIT",
}
LEVEL_ROLE = {
    None: "text",
    Level.DEBUG: "dim",
    Level.INFO: "info",
    Level.WARNING: "warning",
    Level.ERROR: "error",
    Level.CRITICAL: "critical",
}
HEALTH_ROLE = {
    HealthState.HEALTHY: "ok",
    HealthState.UNKNOWN: "dim",
    HealthState.DEGRADED: "warning",
    HealthState.UNHEALTHY: "error",
}


def health_mark(state: HealthState, glyphs: Glyphs) -> str:
    """The glyph of a health state."""
    return {
        HealthState.HEALTHY: glyphs.healthy,
        HealthState.UNKNOWN: glyphs.unknown,
        HealthState.DEGRADED: glyphs.degraded,
        HealthState.UNHEALTHY: glyphs.unhealthy,
    }[state]


def alert_mark(alert: Alert, glyphs: Glyphs) -> tuple[str, str]:
    """The glyph of an alert's state and the role it is drawn in."""
    if alert.state is AlertState.FIRING:
        return glyphs.firing, SEVERITY_ROLE[alert.severity]
    if alert.state is AlertState.ACKNOWLEDGED:
        return glyphs.acked, "ok"
    if alert.state is AlertState.SNOOZED:
        return glyphs.snoozed, "dim"
    return glyphs.resolved, "dim"
