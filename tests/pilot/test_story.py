"""The 3 a.m. story by keyboard alone: alert, acknowledge, its logs, trace, config edit, resolve."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from textual.pilot import Pilot

from pake_tui.clock import MINUTE, monotonic
from pake_tui.model.alert import AlertState
from pake_tui.sources.fake import fake_sources
from pake_tui.tui.app import PakeApp
from pake_tui.tui.feed import Feed
from pake_tui.tui.panels.alerts import AlertsPanel
from pake_tui.tui.panels.health import HealthPanel
from pake_tui.tui.panels.lines import LinesPanel, paragraph
from pake_tui.tui.panels.logs import LogPanel
from pake_tui.tui.panels.metrics import MetricsPanel
from pake_tui.tui.panels.settings import SettingsPanel
from pake_tui.tui.panels.trace import TracePanel
from pake_tui.tui.screens.alerts import AlertScreen
from pake_tui.tui.screens.health import CheckScreen
from pake_tui.tui.screens.help import HelpScreen
from pake_tui.tui.screens.logs import LogsScreen
from pake_tui.tui.screens.metric import ChartPanel, MetricScreen
from pake_tui.tui.screens.trace import TraceScreen
from pake_tui.tui.widgets.bars import MessageBar
from pake_tui.tui.widgets.prompt import Prompt
from pake_tui.tui.workspace import load_themes

START_NS = 1_772_366_400_000_000_000


def console(read_only: str = "") -> PakeApp:
    """A console over the invented incident, twelve minutes in."""

    sources = replace(fake_sources(START_NS), read_only=read_only)
    feed = Feed(sources, clock=lambda: START_NS + 12 * MINUTE)
    feed.read_once()
    feed.start()
    return PakeApp(sources, feed, load_themes()[0], zone="UTC")


def said(app: PakeApp) -> str:
    """The message line of the screen in front."""
    return "".join(text for text, _ in app.screen.query_one(MessageBar).line).strip()


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; fails after five seconds."""
    end = monotonic() + 5
    while not holds():
        assert monotonic() < end, f"waited in vain for {what}"
        await pilot.pause(0.02)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type into the prompt."""
    names = {" ": "space", ".": "full_stop", "_": "underscore"}
    await pilot.press(*(names.get(one, one) for one in text))


async def alert_list(app: PakeApp, pilot: Pilot[None]) -> AlertsPanel:
    """The alert list, once it shows the open ones."""
    await pilot.press("2")
    panel = app.screen.query_one(AlertsPanel)
    await until(pilot, lambda: panel.row_count() > 2, "the alert list")
    return panel


async def test_from_alert_to_resolved_by_keyboard() -> None:
    """Acknowledge, read its logs, trace the first error, raise a threshold, resolve with a note: all keys."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: panel.row_count() > 0, "alerts")
        alert = panel.selected
        assert alert is not None
        assert alert.state is AlertState.FIRING

        await pilot.press("a")
        await until(pilot, lambda: said(app) == f"acknowledged: {alert.title}", "the acknowledgement")
        assert app.sources.alerts.alert(alert.id).alert.state is AlertState.ACKNOWLEDGED

        await until(
            pilot, lambda: panel.selected is not None and panel.selected.id == alert.id, "the same row"
        )
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "its logs")
        logs = app.screen.query_one(LogPanel)
        await until(pilot, lambda: logs.row_count() > 3, "log lines")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TraceScreen), "the trace")
        trace = app.screen.query_one(TracePanel)
        await until(pilot, lambda: trace.row_count() > 1, "the trace's records")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.base("overview"), "the way back")
        assert panel.selected is not None
        assert panel.selected.id == alert.id

        await pilot.press("5")
        settings = app.screen.query_one(SettingsPanel)
        await until(pilot, lambda: settings.row_count() > 0, "settings")
        settings.find("cpu_threshold_percent", from_here=True)
        await pilot.press("enter", "ctrl+u")
        await type_text(pilot, "95")
        prompt = app.screen.query_one(Prompt)
        await until(pilot, lambda: "95" in prompt.hint, "the line that changes")
        await pilot.press("enter")
        await until(pilot, lambda: said(app).startswith("saved:"), "the edit")
        changed = next(
            s for s in app.sources.config.view().settings if s.path.endswith("cpu_threshold_percent")
        )
        assert changed.value == 95

        listed = await alert_list(app, pilot)
        listed.keep(alert.id)
        await pilot.press("R")
        await type_text(pilot, "done")
        await pilot.press("enter")
        await until(pilot, lambda: said(app).startswith("resolved:"), "the resolution")
        after = app.sources.alerts.alert(alert.id).alert
        assert after.resolved is not None
        assert after.resolved.note == "done"


async def test_marked_alerts_are_snoozed_together() -> None:
    """`m` marks, `S` asks once for all of them; a wrong time is refused while it is typed."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await alert_list(app, pilot)
        first, second = panel.rows[:2]
        await pilot.press("m", "m")
        assert panel.marked == {first.id, second.id}
        assert "2 marked" in title_of(panel)
        await pilot.press("S", "ctrl+u")
        await type_text(pilot, "soon")
        prompt = app.screen.query_one(Prompt)
        assert "not a duration" in prompt.wrong[0]
        await pilot.press("ctrl+u")
        await type_text(pilot, "2h after the release")
        await pilot.press("enter")
        await until(pilot, lambda: said(app) == "2 alerts snoozed for 2 h", "what was done")
        for one in (first, second):
            detail = app.sources.alerts.alert(one.id)
            assert detail.alert.state is AlertState.SNOOZED
            assert detail.history[-1].text == "after the release"
        await until(pilot, lambda: not panel.marked and "2 snoozed" in title_of(panel), "the counts")
        row = next(n for n, one in enumerate(panel.rows) if one.id == first.id)
        assert "wakes in" in "".join(text for text, _ in panel.draw_row(row, 118))


async def test_of_marked_alerts_those_that_somebody_had_first_are_told() -> None:
    """What can be done is done; what can't says why."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await alert_list(app, pilot)
        assert panel.rows[2].state is AlertState.ACKNOWLEDGED
        await pilot.press("m", "m", "m", "a")
        await until(pilot, lambda: "2 alerts acknowledged; 1 not:" in said(app), "what was done")
        assert "acknowledged by ada" in said(app)


def title_of(panel: AlertsPanel) -> str:
    """What stands on the right of its frame."""
    return "".join(text for text, _ in panel.title_right())


async def test_an_edit_that_is_wrong_is_refused_as_it_is_typed() -> None:
    """The prompt says what would be accepted, and enter does not save."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        settings = app.screen.query_one(SettingsPanel)
        await until(pilot, lambda: settings.row_count() > 0, "settings")
        settings.find("cpu_threshold_percent", from_here=True)
        await pilot.press("enter", "ctrl+u")
        await type_text(pilot, "high")
        prompt = app.screen.query_one(Prompt)
        await until(pilot, lambda: bool(prompt.wrong[0]), "the refusal")
        await pilot.press("enter")
        assert prompt.question is not None


async def test_state_changing_keys_mean_nothing_elsewhere() -> None:
    """`a` and `R` on the health screen change no alert."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        before = app.sources.alerts.alerts()
        await pilot.press("4", "a", "u", "R", "C")
        await pilot.pause()
        assert app.sources.alerts.alerts().alerts == before.alerts
        assert app.screen.query_one(Prompt).question is None


async def test_a_read_only_console_refuses_and_says_why() -> None:
    """No key changes an alert where nothing may be changed."""
    app = console(read_only="asked for with --read-only")
    async with app.run_test(size=(120, 36)) as pilot:
        panel = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: panel.row_count() > 0, "alerts")
        before = app.sources.alerts.alerts().alerts
        await pilot.press("a")
        await until(pilot, lambda: said(app).startswith("read-only"), "the refusal")
        assert app.sources.alerts.alerts().alerts == before


async def test_a_pasted_id_opens_its_trace() -> None:
    """One token pasted outside a field is taken as an ID."""
    from textual import events

    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        app.screen.post_message(events.Paste("req-7f3a"))
        await until(pilot, lambda: isinstance(app.screen, TraceScreen), "the trace")


async def test_the_command_line_does_what_keys_do() -> None:
    """`:acknowledge` in the alert panel, `:logs QUERY`, and an unknown word that is named."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: panel.row_count() > 0, "alerts")
        await pilot.press("colon")
        await type_text(pilot, "acknowledge")
        await pilot.press("enter")
        await until(pilot, lambda: said(app).startswith("acknowledged:"), "the acknowledgement")
        await pilot.press("colon")
        await type_text(pilot, "frobnicate")
        await pilot.press("enter")
        await until(pilot, lambda: "no command frobnicate" in said(app), "the unknown word")
        await pilot.press("colon")
        await type_text(pilot, "logs timeout")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the logs")


async def test_help_lists_the_focused_panels_keys() -> None:
    """`?` names what acts here, and `esc` goes back."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        text = "\n".join(app.screen.query_one("LinesPanel").row_text(i) for i in range(10))  # type: ignore[attr-defined]
        assert "acknowledge" in text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.base("overview"), "the way back")


async def test_an_alert_opens_whole_and_closes_to_its_row() -> None:
    """`enter` shows one alert with its history; `esc` returns to the same row."""
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: panel.row_count() > 1, "alerts")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, AlertScreen), "the alert")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.base("overview"), "the way back")
        assert panel.cursor == 1


async def test_what_is_most_urgent_stays_in_view() -> None:
    """A worse check that comes later is seen at 80 by 24, where only a few rows fit."""

    from pake_tui.model.check import HealthAnswer, HealthState
    from pake_tui.tui.panels.health import HealthPanel

    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = app.screen.query_one(HealthPanel)
        await until(pilot, lambda: panel.row_count() > 3, "checks")
        answer = app.snapshot.health
        worse = [replace(answer.checks[0], name=f"later-{n}", state=HealthState.UNHEALTHY) for n in range(5)]
        panel.show(HealthAnswer((*answer.checks, *worse), answer.fresh), "")
        assert panel.offset_row == 0
        assert panel.cursor == 0


async def test_a_check_is_run_on_request_and_shows_its_availability() -> None:
    """`P` on the row and in the check's own screen; its month stands there as shares and strips."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("4")
        panel = app.screen.query_one(HealthPanel)
        await until(pilot, lambda: panel.row_count() > 0, "checks")
        await pilot.press("P")
        await until(pilot, lambda: said(app) == "payments is run now", "the answer")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen), "the check alone")
        lines = app.screen.query_one(LinesPanel)

        def shown() -> str:
            return "\n".join(lines.row_text(row) for row in range(lines.row_count()))

        await until(pilot, lambda: "Availability" in shown(), "its availability")
        assert "24 h" in shown()
        assert "timeout: 2 of 3 tries" in shown()
        await pilot.press("P")
        await until(pilot, lambda: said(app) == "payments is run now", "the answer again")


async def test_a_notice_that_goes_out_while_the_console_is_open_calls_once() -> None:
    """What was told before it opened does not ring, and nothing rings twice."""
    app = console()
    rung: list[str] = []
    app.ring = lambda text, way: rung.append(f"{way} {text}")  # type: ignore[method-assign]  # no terminal here
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.heard is not None, "a first look")
        shown = app.snapshot
        for number in (7, 7, 8):
            alerts = replace(shown.alerts, notice=number, notice_title="Gateway down")
            app.take_snapshot(replace(shown, alerts=alerts))
            await pilot.pause()
        host = app.sources.host
        await until(pilot, lambda: len(rung) == 2, "two calls")
        assert rung == [f"bell {host}: Gateway down"] * 2


async def test_a_disks_chart_says_when_it_will_be_full() -> None:
    """With the band of the forecast, under the chart."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = app.screen.query_one(MetricsPanel)
        await until(pilot, lambda: panel.row_count() > 0, "metrics")
        disk = next(n for n, series in enumerate(panel.rows) if series.key.metric == "disk_percent")
        panel.move_to(disk)
        panel.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MetricScreen), "the chart")
        chart = app.screen.query_one(ChartPanel)
        await until(pilot, lambda: chart.forecast is not None, "the forecast")
        said_below = "".join(text for text, _ in chart.foretold())
        assert said_below == "  reached in 3 d (95 %: 2 d to 4 d)"
        marks = "".join(text for text, _ in chart.marked(100))
        assert marks.rstrip().endswith("\u2191 payment: deployed 2.4.1")


async def test_alerts_are_sorted_by_the_chosen_order_and_open_with_their_history() -> None:
    """`o` goes through the orders and keeps the row; `i` shows the alert alone."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await alert_list(app, pilot)
        urgent = [alert.id for alert in panel.rows]
        kept = panel.rows[1].id
        panel.keep(kept)
        await pilot.press("o")
        seen = [alert.first_seen_ns for alert in panel.rows]
        assert seen == sorted(seen, reverse=True)
        assert said(app) == "newest first"
        assert panel.selected is not None
        assert panel.selected.id == kept
        await pilot.press("o")
        seen = [alert.first_seen_ns for alert in panel.rows]
        assert seen == sorted(seen)
        await pilot.press("o", "o")
        assert [alert.id for alert in panel.rows] == urgent
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, AlertScreen), "the alert alone")


async def test_a_silenced_alert_says_who_silenced_it_and_is_counted() -> None:
    """In its row, and in the panel's title."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await alert_list(app, pilot)
        app.feed.stop()
        shown = app.snapshot
        quiet = tuple(
            replace(alert, suppressed="silenced by ada: deploy")
            if alert.state is AlertState.FIRING
            else alert
            for alert in shown.alerts.alerts
        )
        app.take_snapshot(replace(shown, alerts=replace(shown.alerts, alerts=quiet)))
        firing = sum(alert.state is AlertState.FIRING for alert in quiet)
        await until(
            pilot,
            lambda: f"{firing} withheld" in "".join(text for text, _ in panel.title_right()),
            "the count",
        )
        assert "silenced by ada: deploy" in panel.row_text(0)


async def test_an_alerts_text_is_folded_to_its_panel_whenever_that_is_another() -> None:
    """What an alert says is cut nowhere in a narrower terminal, and takes no more lines than it must in a
    wider one, also while the screen stands still; the cursor stays on a line.
    """
    app = console()
    async with app.run_test(size=(140, 36)) as pilot:
        await pilot.press("2", "p")
        detail = app.screen.query_one("#detail", LinesPanel)
        await until(pilot, lambda: bool(detail.lines), "the alert")
        app.feed.stop()
        text = "what somebody wrote of it " * 8
        detail.set_folded(lambda width: paragraph(text, width))
        for size in ((60, 24), (140, 36), (90, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: detail.lines == paragraph(text, detail.size.width - 2), f"{size}")
            assert len(detail.lines) > 1
            assert detail.cursor < len(detail.lines)
            detail.move_to(len(detail.lines) - 1)
