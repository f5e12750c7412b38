"""`pake-tui alerts`: list, show, acknowledge, give back, snooze, resolve and comment without the console.

Exit codes: 0 done · 1 no such alert · 2 refused (somebody was first, read-only, or the state folder
failed). With `--json` one alert per line: `id, fingerprint, state, severity, title, message, tags, service,
first_seen, last_seen, count, snoozed_until, acknowledged {by, at, comment}, resolved {by, at, note},
value, threshold, runbook_url, withheld`; `show`
adds `history`, a list of `{at, kind, actor, text, state, severity}`. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import argparse
import json
import sys

from pake_tui import paths
from pake_tui.cli import alerts_replay
from pake_tui.cli.common import add_json, print_table, span
from pake_tui.clock import DAY, iso, now_ns, short_duration
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import NotFoundError
from pake_tui.model.alert import Alert, AlertDetail, AlertEvent, AlertState, Policy, alert_fields
from pake_tui.model.check import HEALTH
from pake_tui.sources.embedded.alerts import EmbeddedAlertSource
from pake_tui.text.safe import safe

ACTIONS = {
    "list": "print open alerts (the default)",
    "show": "print one alert with its history",
    "ack": "take an alert",
    "unack": "give an acknowledged alert back",
    "snooze": "silence an alert for a time",
    "resolve": "close an alert",
    "comment": "add to an alert's history",
    "test": "tell when a rule would have fired",
}
LONGEST_NS = 366 * DAY
EXIT_CODES = "exit codes: 0 done · 1 no such alert · 2 refused (somebody was first, read-only, no state)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions and their options."""
    from pake_tui.cli.main import add_common

    parser.epilog = EXIT_CODES
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, meaning in ACTIONS.items():
        sub = actions.add_parser(name, help=meaning, description=meaning, epilog=EXIT_CODES)
        add_json(sub)
        add_common(sub, suppress=True)
        if name == "list":
            _add_list_options(sub)
            continue
        if name == "test":
            alerts_replay.add_arguments(sub)
            continue
        sub.add_argument("id", metavar="ID", help="an alert's id, or the beginning of it")
        if name == "snooze":
            sub.add_argument(
                "length",
                metavar="TIME",
                type=span(LONGEST_NS, "at most a year"),
                help="how long: 30m, 2h, 1d",
            )
        if name in ("ack", "snooze", "resolve"):
            sub.add_argument("-m", "--message", default="", metavar="TEXT", help="said in the history")
        elif name == "comment":
            sub.add_argument("text", metavar="TEXT", help="said in the history")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit code."""
    if options.action == "test":
        return alerts_replay.run(options)
    store, source = _open(options.read_only)
    action, complaints = options.action or "list", []
    try:
        if action == "list":
            _list(source, options)
        elif action == "show":
            _print_detail(source.alert(options.id), options)
        else:
            _print_done(_act(source, action, options), options)
    except NotFoundError as error:
        complaints.append(str(error))
    for text in (*store.notes, *complaints):
        print(f"pake-tui: {safe(text)}", file=sys.stderr)
    return 1 if complaints else 0


def _add_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also those resolved within 24 hours")
    parser.add_argument(
        "--state", choices=[state.value for state in AlertState], help="only alerts in this state"
    )


def _open(read_only: bool) -> tuple[StateStore, EmbeddedAlertSource]:
    folder = paths.state_folder(create=not read_only)
    reason = "--read-only" if read_only else folder.problem
    store = StateStore(folder.path, read_only=bool(reason))
    return store, EmbeddedAlertSource(store, Policy, paths.actor(), reason)


def _act(source: EmbeddedAlertSource, action: str, options: argparse.Namespace) -> Alert:
    if action == "ack":
        return source.acknowledge(options.id, options.message)
    if action == "unack":
        return source.unacknowledge(options.id)
    if action == "snooze":
        return source.snooze(options.id, now_ns() + options.length, options.message)
    if action == "resolve":
        return source.resolve(options.id, options.message)
    return source.comment(options.id, options.text)


def _list(source: EmbeddedAlertSource, options: argparse.Namespace) -> None:
    state = getattr(options, "state", None)
    found = source.alerts(frozenset({AlertState(state)}) if state else None)
    alerts = [a for a in found.alerts if a.live or state or getattr(options, "all", False)]
    if _wants_json(options):
        for alert in alerts:
            print(json.dumps(alert_fields(alert)))
        return
    if alerts:
        print_table(
            ("ID", "STATE", "SEVERITY", "AGE", "COUNT", "SERVICE", "TITLE", "WHO"), map(_cells, alerts)
        )
    firing, taken = found.count(AlertState.FIRING), found.count(AlertState.ACKNOWLEDGED)
    asleep = found.count(AlertState.SNOOZED)
    counts = [f"{firing} firing", f"{taken} acknowledged", *([f"{asleep} snoozed"] if asleep else [])]
    print(", ".join((*counts, f"{found.resolved_24h} resolved in 24 h")))
    if found.held_back:
        print(f"{found.held_back} more notices held back")


def _cells(alert: Alert) -> tuple[str, ...]:
    age = short_duration(now_ns() - alert.first_seen_ns)
    service, title = safe(alert.service), safe(alert.title)
    return (
        alert.id[:8],
        alert.state.value,
        alert.severity.word,
        age,
        f"×{alert.count}",
        service,
        title,
        _standing(alert),
    )


def _standing(alert: Alert) -> str:
    """What is odd about it, until when it is snoozed, and who has it."""
    told = alert.notes
    if alert.snoozed_until_ns and alert.state is AlertState.SNOOZED:
        told.append(f"wakes in {short_duration(alert.snoozed_until_ns - now_ns())}")
    if alert.live and alert.suppressed:
        told.append(safe(alert.suppressed))
    return ", ".join((*told, *([who] if (who := _who(alert)) else []))) or "—"


def _who(alert: Alert) -> str:
    if end := alert.resolved:
        who, at_ns, text = end.by, end.at_ns, end.note
    elif ack := alert.acknowledged:
        who, at_ns, text = ack.by, ack.at_ns, ack.comment
    else:
        return ""
    said = f" “{safe(text)}”" if text else ""
    return f"{safe(who)} {short_duration(now_ns() - at_ns)} ago{said}"


def _print_done(alert: Alert, options: argparse.Namespace) -> None:
    if _wants_json(options):
        print(json.dumps(alert_fields(alert)))
        return
    print(f"{alert.id[:8]} {alert.state.value}: {safe(alert.title)}")


def _print_detail(detail: AlertDetail, options: argparse.Namespace) -> None:
    alert = detail.alert
    if _wants_json(options):
        history = [_event_fields(event) for event in detail.history]
        print(json.dumps({**alert_fields(alert), "history": history}))
        return
    tags = " ".join(f"{safe(name)}={safe(value)}" for name, value in alert.tags)
    rows = [
        ("id", alert.id),
        ("state", _state_of(alert)),
        ("severity", alert.severity.word),
        ("service", safe(alert.service)),
        ("tags", tags),
        ("rule", safe(alert.rule)),
        ("runbook", safe(alert.runbook_url)),
        ("value", _measured(alert)),
        ("first seen", iso(alert.first_seen_ns, timespec="seconds")),
        ("last seen", iso(alert.last_seen_ns, timespec="seconds")),
        ("count", str(alert.count)),
        ("withheld", safe(alert.suppressed)),
    ]
    print(safe(alert.title))
    for line in alert.message.splitlines():
        print(f"  {safe(line)}")
    print_table((), [(name, text) for name, text in rows if text])
    print()
    print_table(("AT", "WHAT", "WHO", "TEXT"), map(_event_cells, detail.history))


def _state_of(alert: Alert) -> str:
    told = ", ".join(["condition still true"] * alert.still_true + alert.notes)
    until = ""
    if alert.snoozed_until_ns and alert.state is AlertState.SNOOZED:
        until = f" until {iso(alert.snoozed_until_ns, timespec='seconds')}"
    return f"{alert.state.value}{until}{f' ({told})' if told else ''}"


def _measured(alert: Alert) -> str:
    if alert.value is None or alert.metric == HEALTH:
        return ""
    limit = f" (threshold {alert.threshold:g})" if alert.threshold is not None else ""
    return f"{safe(alert.metric)} {alert.value:g}{limit}"


def _event_cells(event: AlertEvent) -> tuple[str, ...]:
    return iso(event.at_ns, timespec="seconds"), safe(event.kind), safe(event.actor), safe(event.text)


def _event_fields(event: AlertEvent) -> dict[str, object]:
    return {
        "at": iso(event.at_ns),
        "kind": event.kind,
        "actor": event.actor,
        "text": event.text,
        "state": event.state.value,
        "severity": event.severity.word,
    }


def _wants_json(options: argparse.Namespace) -> bool:
    return bool(getattr(options, "json", False))
