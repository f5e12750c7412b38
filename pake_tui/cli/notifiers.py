"""`pake-tui notifiers`: who is told of alerts, whether it arrives, and what to do where it does not.

`list` (default) · `test NAME` sends a message that says it is a test · `retry [NAME]` tries again what waits
or died · `forget [NAME]` gives it up. With `--json` one notifier per line: `name, kind, severity, sent, last,
waiting, dead, error`. Exit codes: 0 done · 1 nothing to do, or something never arrived · 2 it was not sent.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from collections.abc import Sequence

from pake_tui import paths
from pake_tui.cli.common import add_json, folder_to_change, print_table
from pake_tui.cli.main import add_common
from pake_tui.cli.reading import config_in_force, open_reading, settings_of
from pake_tui.clock import iso, now_ns, short_duration
from pake_tui.engine.monitoring.notifying.delivering import how, send_test
from pake_tui.engine.monitoring.notifying.senders import NotSent
from pake_tui.engine.monitoring.notifying.specs import NotifierSpec, notifiers_from
from pake_tui.engine.settings.values import nearest
from pake_tui.engine.store.deliveries import Standing
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import NotFoundError, PakeError, ReadOnlyError
from pake_tui.text.safe import safe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions."""
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    known = [("list", "how each does (default)"), ("test", "send a test message now")]
    known += [("retry", "try again what waits or died"), ("forget", "give up what waits or died")]
    for name, meaning in known:
        action = actions.add_parser(name, help=meaning)
        add_json(action)
        add_common(action, suppress=True)
        if name != "list":
            action.add_argument("name", metavar="NAME", nargs=None if name == "test" else "?")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit code."""
    reading = open_reading()
    specs = notifiers_from(settings_of(options, reading.state).notifiers)
    if options.action == "test":
        return _test(options, _named(specs, options.name), reading.state)
    if options.action in ("retry", "forget"):
        if options.name is not None:
            _named(specs, options.name)
        return _change(options, living=reading.living)
    return _list(options, specs, {one.name: one for one in reading.state.deliveries.standings()})


def _named(specs: Sequence[NotifierSpec], name: str) -> NotifierSpec:
    for spec in specs:
        if spec.name == name:
            return spec
    near = nearest(name, [spec.name for spec in specs])
    hint = f"did you mean {near}?" if near else "notifiers: in the configuration names them"
    raise NotFoundError(f"there is no notifier {name!r}", hint=hint)


def _test(options: argparse.Namespace, spec: NotifierSpec, state: StateStore) -> int:
    if options.read_only:
        raise ReadOnlyError("nothing is sent: --read-only")
    config = config_in_force(options, state)
    named = options.config is not None or paths.config_is_named()
    no_commands = "" if named or config is None else paths.why_no_commands(config)
    try:
        send_test(spec, socket.gethostname(), no_commands)
    except NotSent as error:
        raise PakeError(f"{spec.name}: not sent: {error}") from None
    print(f"{safe(spec.name)}: a test message was sent")
    return 0


def _change(options: argparse.Namespace, *, living: bool) -> int:
    queue = StateStore(folder_to_change(options)).deliveries
    retried = options.action == "retry"
    count = queue.retry(options.name, now_ns()) if retried else queue.forget(options.name)
    told = "are given up"
    if retried:
        told = "are tried again" if living else "are tried again once a collector runs; none does now"
    print(f"{count} {told}")
    return 0 if count else 1


def _list(options: argparse.Namespace, specs: Sequence[NotifierSpec], standings: dict[str, Standing]) -> int:
    if not specs and not options.json:
        print("no notifier is configured; nobody is told of alerts but who looks", file=sys.stderr)
        return 1
    now, rows = now_ns(), []
    for spec in specs:
        one = standings.get(spec.name, Standing(spec.name))
        if options.json:
            print(json.dumps(as_fields(spec, one)))
        last = f"{short_duration(now - one.sent_ns)} ago" if one.sent_ns else "never"
        state, text = how(one, now)
        rows.append(
            (state.word, safe(spec.name), spec.kind, spec.severity.word, str(one.sent), last, safe(text))
        )
    if not options.json:
        print_table(("STATE", "NOTIFIER", "KIND", "FROM", "SENT", "LAST", "HOW"), rows)
    return 1 if any(one.dead for one in standings.values()) else 0


def as_fields(spec: NotifierSpec, one: Standing) -> dict[str, object]:
    """A notifier as `--json` prints it."""
    return {
        "name": spec.name,
        "kind": spec.kind,
        "severity": spec.severity.word,
        "sent": one.sent,
        "last": iso(one.sent_ns) if one.sent_ns else None,
        "waiting": one.waiting,
        "dead": one.dead,
        "error": one.error,
    }
