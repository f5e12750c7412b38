"""Silences and maintenance windows: whom they mean, when, and that nothing is lost behind them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pake_tui.cli.main import main
from pake_tui.clock import HOUR, MINUTE, SECOND, now_ns
from pake_tui.engine.alert_keeper import AlertKeeper
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.monitoring.silencing import matcher, validate, windows_from
from pake_tui.engine.settings.schema import Settings
from pake_tui.engine.store.metrics import MetricsStore
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import AlertState, Policy, Severity
from pake_tui.model.silence import Silence

BERLIN = "Europe/Berlin"


def ns(text: str) -> int:
    """UTC nanoseconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateStore:
    """An empty store, which commands use too."""
    (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("PAKE_STATE_DIR", str(tmp_path / "state"))
    return StateStore(tmp_path / "state")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = ns("2026-03-01T12:00:00")

    def __call__(self) -> int:
        """Now."""
        return self.now


def alerts(state: StateStore, clock: Clock) -> Alerting:
    """Alerts by that clock, whose cooldown is over at once."""
    return Alerting(state, lambda: Policy(cooldown_ns=0), clock=clock)


def silence(*matchers: str, starts: int, length: int = HOUR, name: str = "s1") -> Silence:
    """One of ada's."""
    return Silence(name, tuple(map(matcher, matchers)), starts, starts + length, "ada", "deploy")


def kinds(state: StateStore) -> list[str]:
    """The notices that went out so far."""
    return [row.kind for row in state.alerts.notices(0)]


def create(alerting: Alerting, title: str = "Gateway down", service: str = "api") -> str:
    """An application's alert."""
    return alerting.create(title, "m", Severity.HIGH, actor="api@1", service=service)


@pytest.mark.parametrize(
    ("written", "hits"),
    [
        ("service=api", True),
        ("service!=api", False),
        ("title=~Gateway.*", True),
        ("title=~down", False),
        ("title!~.*up", True),
        ("severity=high", True),
        ("mount=/srv", True),
        ("nothing=", True),
        ("nothing!=", False),
    ],
)
def test_matchers_mean_what_alertmanager_means_by_them(state: StateStore, written: str, hits: bool) -> None:
    """Whole values, regular expressions of whole values, and a missing name is empty."""
    alerting = alerts(state, Clock())
    own = alerting.create(
        "Gateway down", "m", Severity.HIGH, actor="api@1", service="api", tags=(("mount", "/srv"),)
    )
    assert matcher(written).matches(alerting.get(own)) is hits


@pytest.mark.parametrize("written", ["service", "=x", "title=~(a+)+", "a b=c"])
def test_a_wrong_matcher_is_refused_in_words(written: str) -> None:
    """It is named."""
    with pytest.raises(ValueError, match=r"no matcher|at character"):
        matcher(written)


def test_what_opens_silenced_tells_nobody_until_its_end(state: StateStore) -> None:
    """The row says who silenced it and why; when the silence ends it is told once."""
    clock = Clock()
    alerting = alerts(state, clock)
    state.silences.add(silence("service=api", starts=clock.now))
    own, other = create(alerting), create(alerting, service="web")
    assert alerting.get(own).suppressed == "silenced by ada: deploy"
    assert alerting.get(other).suppressed == ""
    assert kinds(state) == ["opened"]
    clock.now += HOUR
    alerting.tick()
    assert alerting.get(own).suppressed == ""
    assert kinds(state) == ["opened", "unsuppressed"]
    alerting.tick()
    assert kinds(state) == ["opened", "unsuppressed"]


def test_what_ends_behind_a_silence_is_never_told(state: StateStore) -> None:
    """Neither that it began nor that it ended."""
    clock = Clock()
    alerting = alerts(state, clock)
    state.silences.add(silence("service=api", starts=clock.now))
    alerting.resolve(create(alerting), actor="ada")
    clock.now += 2 * HOUR
    alerting.tick()
    assert kinds(state) == []


def test_a_silence_that_begins_later_withholds_from_then_on(state: StateStore) -> None:
    """An alert that is open already goes on, withheld, and its history says so."""
    clock = Clock()
    alerting = alerts(state, clock)
    own = create(alerting)
    state.silences.add(silence("service=api", starts=clock.now + MINUTE))
    alerting.tick()
    assert alerting.get(own).suppressed == ""
    clock.now += 2 * MINUTE
    alerting.tick()
    assert alerting.get(own).state is AlertState.FIRING
    assert alerting.get(own).suppressed == "silenced by ada: deploy"
    assert [event.kind for event in alerting.detail(own).history] == ["fired", "suppressed"]


def test_an_alert_whose_parent_is_down_is_withheld(state: StateStore) -> None:
    """What was firing when the parent went down says why it is quiet."""
    clock = Clock()
    alerting = alerts(state, clock)
    own = create(alerting)
    alerting.tick(lambda alert: "unreachable: it depends on router, which is unhealthy")
    assert alerting.get(own).suppressed.startswith("unreachable: it depends on router")
    alerting.tick()
    assert alerting.get(own).suppressed == ""


def test_the_command_adds_lists_and_ends(state: StateStore, capsys: Any) -> None:
    """Who wanted it stands there, and how many open alerts it meets."""
    create(alerts(state, Clock()))
    assert main(["silence"]) == 1
    assert main(["silence", "add", "service=api", "--for", "2h", "--reason", "deploy"]) == 0
    assert "1 open alert matches" in capsys.readouterr().out
    assert main(["silence", "list", "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert (fields["match"], fields["reason"], fields["state"]) == (["service=api"], "deploy", "active")
    assert main(["silence", "end", fields["id"][:5]]) == 0
    assert main(["silence", "end", fields["id"]]) == 2
    assert "was ended by" in capsys.readouterr().err
    assert main(["silence", "list"]) == 1
    assert main(["silence", "list", "--all"]) == 0
    assert "ended" in capsys.readouterr().out
    for wrong in ("nothing", "", "%", "abc"):
        assert main(["silence", "end", wrong]) == 2
    with pytest.raises(SystemExit):
        main(["silence", "add", "a=b", "--for", "1h", "--at", "2400-01-01"])
    assert main(["silence", "add", "service=api", "--for", "1h", "--read-only"]) == 2
    assert main(["silence", "add", "a=b", "--for", "1h", "--at", "2020-01-01T00:00"]) == 2


def window(**entry: Any) -> Any:
    """A window as the configuration spells it."""
    raw = [{"name": "backup", "start": "02:30", "duration": "2h", "match": {"service": "db"}, **entry}]
    assert validate(raw) == []
    return windows_from(raw)[0]


@pytest.mark.parametrize(
    ("entry", "at", "inside"),
    [
        ({"zone": "UTC"}, "2026-03-01T02:30:00", True),
        ({"zone": "UTC"}, "2026-03-01T04:29:59", True),
        ({"zone": "UTC"}, "2026-03-01T04:30:00", False),
        ({"zone": BERLIN}, "2026-03-01T01:31:00", True),
        ({"zone": BERLIN}, "2026-07-01T00:31:00", True),
        ({"zone": "UTC", "start": "23:00", "duration": "4h"}, "2026-03-02T02:59:00", True),
        ({"zone": "UTC", "start": "23:00", "duration": "4h", "days": "sun"}, "2026-03-02T02:59:00", True),
        ({"zone": "UTC", "start": "23:00", "duration": "4h", "days": "mon"}, "2026-03-02T02:59:00", False),
        ({"zone": "UTC", "days": "fri-mon"}, "2026-03-01T03:00:00", True),
        ({"zone": "UTC", "days": ["tue", "wed"]}, "2026-03-01T03:00:00", False),
        ({"zone": "UTC", "start": 22 * 60 + 30}, "2026-03-01T22:45:00", True),
        ({"zone": "UTC", "duration": "3d", "days": "fri"}, "2026-03-01T12:00:00", True),
    ],
)
def test_a_window_is_open_on_its_days_in_its_zone(entry: dict[str, Any], at: str, inside: bool) -> None:
    """Over midnight it is still that of the day on which it began; summer time moves it."""
    assert (window(**entry).current(ns(at)) is not None) is inside


def test_each_turn_of_a_window_is_a_silence_of_its_own() -> None:
    """Ended by hand tonight, it is there again tomorrow."""
    one = window(zone="UTC")
    tonight, later, tomorrow = (
        one.current(ns(at)) for at in ("2026-03-01T03:00:00", "2026-03-01T04:00:00", "2026-03-02T03:00:00")
    )
    assert tonight.id == later.id != tomorrow.id
    assert tonight.words == "silenced by maintenance: backup"


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"start": "25:00"}, "0.start"),
        ({"start": "soon"}, "0.start"),
        ({"duration": "10d"}, "0.duration"),
        ({"days": "someday"}, "0.days"),
        ({"zone": "Mars/Base"}, "0.zone"),
        ({"match": ["service"]}, "0.match"),
        ({"match": {}}, "0.match"),
        ({"until": "x"}, "0.until"),
    ],
)
def test_a_wrong_window_is_refused_at_its_field(entry: dict[str, Any], path: str) -> None:
    """Each mistake names its place."""
    raw = [{"name": "backup", "start": "02:30", "duration": "2h", "match": {"service": "db"}, **entry}]
    assert [place for place, _, _ in validate(raw)] == [path]


def window_of_now() -> dict[str, Any]:
    """A maintenance window that began ten minutes ago."""
    begins = datetime.fromtimestamp((now_ns() - 10 * MINUTE) // SECOND, UTC)
    return {"name": "now", "start": begins.strftime("%H:%M"), "duration": "1h", "zone": "UTC", "match": "a=b"}


def keeper_by(settings: list[Settings], state: StateStore) -> AlertKeeper:
    """What judges by the settings that come first in the list."""
    return AlertKeeper(
        state, MetricsStore(state.folder), lambda: settings[0], "", lambda error: pytest.fail(str(error))
    )


def test_a_window_is_kept_also_in_a_state_that_was_begun_anew(state: StateStore) -> None:
    """Where the file was corrupt, and set aside, the silence is in the fresh one."""
    keeper = keeper_by([Settings(maintenance=(window_of_now(),))], state)
    keeper.turn({}, {}, {})
    for path in state.folder.glob("state.db*"):
        path.rename(state.folder / f"away-{path.name}")
    keeper.turn({}, {}, {})
    (kept,) = state.silences.active(now_ns())
    assert kept.words == "silenced by maintenance: now"


def test_the_collector_opens_and_closes_windows_by_the_configuration(state: StateStore) -> None:
    """A window of now is a silence; edited away it ends; ended by hand it stays ended."""
    raw = window_of_now()
    settings = [Settings(maintenance=(raw,))]
    keeper = keeper_by(settings, state)
    keeper.turn({}, {}, {})
    (made,) = state.silences.active(now_ns())
    assert made.words == "silenced by maintenance: now"
    settings[0] = Settings()
    keeper.settings_changed()
    keeper.turn({}, {}, {})
    assert state.silences.active(now_ns()) == ()
    settings[0] = Settings(maintenance=({**raw, "duration": "2h"},))
    keeper.settings_changed()
    keeper.turn({}, {}, {})
    (made,) = state.silences.active(now_ns())
    state.silences.end(made.id, now_ns(), "ada")
    keeper.turn({}, {}, {})
    assert state.silences.active(now_ns()) == ()
