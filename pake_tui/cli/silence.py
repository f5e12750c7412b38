"""`pake-tui silence`: withhold the notices of some alerts for a time. Their state goes on as ever.

`list` (default; `--all`: also those of the last month) · `end ID` · `add MATCHER... --for 2h`, with `--at
TIME` and `--reason TEXT`. A matcher is `name=value`, `!=`, `=~` or `!~` (regular expressions of the whole
value); names are an alert's tags, or title, service, rule, severity, metric. All of them must match. With
`--json` one silence per line: `id, match, starts, ends, by, reason, state (active, pending, ended), ended
{by, at}`. Exit codes: 0 done · 1 there is none · 2 refused.
"""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pake_tui import paths
from pake_tui.cli.common import add_json, folder_to_change, print_table, span
from pake_tui.cli.main import add_common
from pake_tui.cli.reading import open_reading
from pake_tui.clock import DAY, SECOND, iso, local_zone, now_ns, short_duration
from pake_tui.engine.monitoring.identity import clean
from pake_tui.engine.monitoring.silencing import matcher
from pake_tui.engine.store.silences import KEEP_NS
from pake_tui.engine.store.state import StateStore
from pake_tui.errors import PakeError
from pake_tui.model.alert import Alert
from pake_tui.model.silence import Matcher, Silence
from pake_tui.text.safe import safe

LONGEST_NS = 400 * DAY
LATEST_NS = 4_102_444_800 * SECOND
"""2100-01-01."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions."""
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--all", action="store_true", help="also those that ended within a month")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = _action(actions, "list", "those that are and will be (default)")
    ended = "also those that ended"
    listing.add_argument("--all", action="store_true", default=argparse.SUPPRESS, help=ended)
    adding = _action(actions, "add", "withhold notices from now on, or from a time on")
    adding.add_argument("matchers", nargs="+", metavar="MATCHER", type=_matcher, help="e.g. service=api")
    length = span(LONGEST_NS, "a silence lasts 400d at most")
    adding.add_argument("--for", dest="length", type=length, required=True, metavar="SPAN", help="e.g. 2h")
    adding.add_argument("--at", type=_moment, metavar="TIME", help="from then on; ISO 8601")
    adding.add_argument("--reason", default="", metavar="TEXT", help="why")
    ending = _action(actions, "end", "end one now")
    ending.add_argument("id", metavar="ID", help="its id, or how it begins")


def _action(actions: Any, name: str, meaning: str) -> argparse.ArgumentParser:
    """An action's parser, with the options that may stand behind it too."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=meaning)
    add_json(parser)
    add_common(parser, suppress=True)
    return parser


def run(options: argparse.Namespace) -> int:
    """Do it; the exit code."""
    if options.action == "add":
        return _add(options)
    if options.action == "end":
        store = StateStore(folder_to_change(options))
        ended = store.silences.end(options.id, now_ns(), paths.actor())
        _print(options, [ended], f"ended: {_shown(ended)}")
        return 0
    return _list(options)


def _add(options: argparse.Namespace) -> int:
    now = now_ns()
    begins = now if options.at is None else options.at
    if begins + options.length <= now:
        raise PakeError("that silence would be over already")
    silence = Silence(
        uuid.uuid4().hex[:12],
        tuple(options.matchers),
        begins,
        begins + options.length,
        paths.actor(),
        clean(options.reason),
    )
    store = StateStore(folder_to_change(options))
    store.silences.add(silence)
    hit = sum(silence.matches(alert) for alert in store.alerts.live())
    open_now = f"; {hit} open alerts match" if hit != 1 else "; 1 open alert matches"
    _print(options, [silence], f"{silence.id}: {_shown(silence)}{open_now}")
    return 0


def _list(options: argparse.Namespace) -> int:
    reading, now = open_reading(), now_ns()
    found = reading.state.silences.list(now - KEEP_NS if options.all else now)
    if not options.all:
        found = tuple(one for one in found if one.ended_ns is None)
    if options.json:
        _print(options, found, "")
        return 0 if found else 1
    if not found:
        print("nothing is silenced")
        return 1
    live = reading.state.alerts.live()
    rows = [_cells(one, now, live) for one in found]
    print_table(("ID", "STATE", "ENDS", "BY", "ALERTS", "MATCH", "REASON"), rows)
    return 0


def _cells(one: Silence, now: int, live: Sequence[Alert]) -> tuple[str, ...]:
    state = state_of(one, now)
    ends = f"in {short_duration(one.ends_ns - now)}" if state == "active" else _clock(one.ends_ns)
    if state == "pending":
        ends = f"{_clock(one.starts_ns)} for {short_duration(one.ends_ns - one.starts_ns)}"
    hit = str(sum(one.matches(alert) for alert in live))
    match = " ".join(safe(matcher.text) for matcher in one.matchers)
    return one.id, state, ends, safe(one.by), hit, match, safe(one.reason)


def state_of(one: Silence, now: int) -> str:
    """`active`, `pending` or `ended`."""
    if one.active(now):
        return "active"
    return "pending" if one.ended_ns is None and now < one.starts_ns else "ended"


def as_fields(one: Silence, now: int) -> dict[str, object]:
    """A silence as `--json` prints it."""
    return {
        "id": one.id,
        "match": [matcher.text for matcher in one.matchers],
        "starts": iso(one.starts_ns),
        "ends": iso(one.ends_ns),
        "by": one.by,
        "reason": one.reason,
        "state": state_of(one, now),
        "ended": {"by": one.ended_by, "at": iso(one.ended_ns)} if one.ended_ns is not None else None,
    }


def _print(options: argparse.Namespace, silences: Sequence[Silence], text: str) -> None:
    if not options.json:
        print(text)
        return
    for one in silences:
        print(json.dumps(as_fields(one, now_ns())))


def _shown(one: Silence) -> str:
    match = " ".join(safe(matcher.text) for matcher in one.matchers)
    reason = f", {safe(one.reason)}" if one.reason else ""
    return f"{match} until {_clock(one.ends_ns)}{reason}"


def _clock(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND, local_zone()).strftime("%Y-%m-%d %H:%M %Z")


def _matcher(written: str) -> Matcher:
    try:
        return matcher(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _moment(written: str) -> int:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written!r} is no time; write 2026-03-01T02:00") from None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=local_zone())
    try:
        found = int(aware.timestamp()) * SECOND
    except (OverflowError, ValueError, OSError):
        found = -1
    if not 0 <= found < LATEST_NS:
        raise argparse.ArgumentTypeError(f"{written!r} is out of range")
    return found
