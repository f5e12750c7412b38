"""Promises of what surrounds the panels: commands, palette, footer, header, messages, and the ways back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from pake_tui.clock import HOUR, MINUTE, SECOND
from pake_tui.model.alert import AlertState, alert_fields
from pake_tui.model.record import LEVEL_COLUMNS, Histogram
from pake_tui.model.setting import EditPreview, Problem
from pake_tui.tui.app import PakeApp
from pake_tui.tui.panels.alerts import AlertsPanel
from pake_tui.tui.panels.health import HealthPanel
from pake_tui.tui.panels.histogram import range_after
from pake_tui.tui.panels.lines import LinesPanel
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.screens.config import change_line
from pake_tui.tui.screens.help import HelpScreen
from pake_tui.tui.screens.logs import LogsScreen
from pake_tui.tui.widgets import bars
from pake_tui.tui.widgets.bars import HeaderBar, KeysBar
from pake_tui.tui.widgets.panel import Panel
from pake_tui.tui.widgets.prompt import Prompt
from tests.pilot.test_story import alert_list, console, said, type_text, until


@asynccontextmanager
async def shown(
    app: PakeApp | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[PakeApp, Pilot[None]]]:
    """A console that shows its alerts."""
    app = app or console()
    async with app.run_test(size=size) as pilot:
        panel = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: panel.row_count() > 2, "alerts")
        yield app, pilot


async def command(pilot: Pilot[None], text: str) -> None:
    """Type a command and enter."""
    await pilot.press("colon")
    await type_text(pilot, text)
    await pilot.press("enter")


def text_of(bar: HeaderBar | KeysBar) -> str:
    """What stands in a bar."""
    return bar.render_line(0).text


def top(app: PakeApp) -> ConsoleScreen:
    """The screen in front."""
    return app.top


@pytest.mark.parametrize(
    ("typed", "came", "state"),
    [
        ("resolve both fixed", "2 alerts resolved", AlertState.RESOLVED),
        ("acknowledge taken", "2 alerts acknowledged", AlertState.ACKNOWLEDGED),
        ("snooze 2h release", "2 alerts snoozed for 2 h", AlertState.SNOOZED),
    ],
)
async def test_a_command_with_a_text_acts_on_all_marked(typed: str, came: str, state: AlertState) -> None:
    """`:resolve NOTE` and the like do to the marked alerts what the key does."""
    async with shown() as (app, pilot):
        panel = await alert_list(app, pilot)
        marked = [one.id for one in panel.rows[:2]]
        await pilot.press("m", "m")
        await command(pilot, typed)
        await until(pilot, lambda: said(app) == came, "what was done")
        assert {app.sources.alerts.alert(one).alert.state for one in marked} == {state}


async def test_what_is_typed_takes_the_place_of_what_is_proposed() -> None:
    """`S` proposes an hour: enter takes it, a time that is typed stands instead of it."""
    async with shown() as (app, pilot):
        await pilot.press("S")
        await type_text(pilot, "2h after the release")
        await pilot.press("enter")
        await until(pilot, lambda: said(app).startswith("snoozed for 2 h"), "two hours")
        await pilot.press("j", "S", "enter")
        await until(pilot, lambda: said(app).startswith("snoozed for 1 h"), "the proposed hour")


async def test_nothing_is_found_in_an_empty_list() -> None:
    """`/` where there are no rows says so, and the console stays."""
    async with shown() as (app, pilot):
        panel = await alert_list(app, pilot)
        app.feed.paused = True
        panel.take(())
        await pilot.press("slash")
        await type_text(pilot, "foo")
        await pilot.press("enter")
        await until(pilot, lambda: said(app) == "no row holds 'foo'", "the answer")


async def test_a_time_that_is_none_snoozes_nothing() -> None:
    """`:snooze soon` says what a time looks like."""
    async with shown() as (app, pilot):
        await command(pilot, "snooze soon")
        await until(pilot, lambda: "not a duration" in said(app), "the refusal")


@pytest.mark.parametrize("keys", [("colon", "comment"), ("ctrl+p", "comment")])
async def test_a_question_asked_by_a_command_gives_the_focus_back(keys: tuple[str, str]) -> None:
    """After `:comment` has asked and was answered, or left, the list has the keyboard again."""
    async with shown() as (app, pilot):
        panel = app.screen.query_one(AlertsPanel)
        prompt = app.screen.query_one(Prompt)
        for end in ("enter", "escape"):
            await pilot.press(keys[0])
            await type_text(pilot, keys[1])
            await pilot.press("enter")
            await until(pilot, lambda: prompt.question is not None, "the second question")
            await until(pilot, lambda: prompt.question.label.startswith("comment"), "it")  # type: ignore[union-attr]
            assert app.screen.has_class("-asking")
            await type_text(pilot, "hello")
            await pilot.press(end)
            await until(pilot, lambda: app.focused is panel, "the focus")
        cursor = panel.cursor
        await pilot.press("j")
        assert panel.cursor == cursor + 1


async def test_the_palette_runs_the_action_that_was_typed() -> None:
    """An action's own name comes before those that only speak of it."""
    async with shown() as (app, pilot):
        await alert_list(app, pilot)
        for typed, label in (("comment", "comment "), ("resolve", "resolve "), ("ack", "")):
            await pilot.press("ctrl+p")
            await type_text(pilot, typed)
            first = app.screen.query_one(Prompt).choices[0]
            assert first.startswith(typed), first
            await pilot.press("enter")
            if label:
                prompt = app.screen.query_one(Prompt)
                await until(
                    pilot,
                    lambda prompt=prompt, label=label: (
                        prompt.question is not None  # type: ignore[misc]
                        and prompt.question.label.startswith(label)
                    ),
                    "its question",
                )
                await pilot.press("escape")
        await until(pilot, lambda: said(app).startswith("acknowledged"), "the acknowledgement")


async def test_an_alerts_keys_act_from_its_detail_too() -> None:
    """With the focus on the detail, `a` acknowledges, `j` reads on, `enter` shows the alert alone."""
    async with shown() as (app, pilot):
        panel = await alert_list(app, pilot)
        alert = panel.selected
        assert alert is not None
        await pilot.press("tab")
        assert isinstance(top(app).focused_panel(), LinesPanel)
        assert "a ack" in text_of(app.screen.query_one(KeysBar))
        await pilot.press("a")
        await until(pilot, lambda: said(app).startswith("acknowledged"), "the acknowledgement")
        await pilot.press("i")
        await until(pilot, lambda: app.screen is not app.base("alerts"), "the alert alone")
        detail = app.screen.query_one("#detail", LinesPanel)
        await until(pilot, lambda: app.focused is detail, "the focus on what is to be read")
        row = app.screen.query_one(AlertsPanel)
        await until(pilot, lambda: row.selected is not None, "its row")
        await pilot.press("u")
        await until(pilot, lambda: said(app).startswith("given back"), "what was given back")


@pytest.mark.parametrize("screen", ["1", "2", "4", "5", "question_mark"])
async def test_every_key_that_the_footer_names_does_something(screen: str) -> None:
    """In each panel of each screen, what the footer, the help and `:` offer has somebody who does it."""
    async with shown() as (app, pilot):
        await pilot.press(screen)
        for panel in top(app).panels():
            panel.focus()
            await until(pilot, lambda panel=panel: app.focused is panel, "the focus")  # type: ignore[misc]
            for key in top(app).keys_here():
                assert top(app).owner_of(key) is not None, (panel, key.id)
            opens = any(key.id == "open" for key in top(app).keys_here())
            assert opens == panel.opens, panel


async def test_the_time_range_changes_whatever_panel_has_the_focus() -> None:
    """`]` on the overview is for its metrics, also from the health checks."""
    async with shown() as (app, pilot):
        app.screen.query_one(HealthPanel).focus()
        await pilot.pause()
        await pilot.press("right_square_bracket")
        assert app.feed.span_ns == HOUR


async def test_keys_of_ones_own_are_the_ones_that_are_named() -> None:
    """A rebound key stands in the footer and in the help, not the one of the table."""
    app = console()
    app.keymap = {"alerts.resolve": "ctrl+r"}
    async with shown(app) as (app, pilot):
        await alert_list(app, pilot)
        footer = text_of(app.screen.query_one(KeysBar))
        assert "ctrl+r resolve" in footer
        assert "R resolve" not in footer
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        lines = app.screen.query_one(LinesPanel)
        await until(pilot, lambda: lines.row_count() > 5, "its lines")
        text = "\n".join(lines.row_text(number) for number in range(lines.row_count()))
        assert "ctrl+r        resolve with a note" in text


async def test_tab_does_nothing_where_another_key_moves_the_focus() -> None:
    """A rebound key is the only one that does what it is bound to."""
    app = console()
    app.keymap = {"everywhere.next-panel": "ctrl+n"}
    async with shown(app) as (app, pilot):
        first, second = app.screen.query_one(AlertsPanel), top(app).panels()[3]
        await pilot.press("tab")
        assert app.focused is first
        await pilot.press("ctrl+n")
        assert app.focused is second


async def test_a_question_lights_up_no_row_but_the_one_it_may_be_about() -> None:
    """While it is open, the panel that had the focus shows its cursor, and no other does."""
    async with shown() as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: app.screen.has_class("-asking"), "the question")
        lit = [panel.id for panel in top(app).panels() if panel.row_count() and panel.shows_cursor()]
        assert lit == ["alerts"]


@pytest.mark.parametrize("size", [(60, 16), (80, 18), (120, 16), (80, 24), (120, 36)])
async def test_the_row_that_a_key_acts_on_is_on_the_screen(size: tuple[int, int]) -> None:
    """However low the terminal is: every panel of the overview ends above the message line."""
    async with shown(size=size) as (app, pilot):
        app.screen.set_class(True, "-unwell")
        for panel in top(app).panels():
            panel.focus()
            await until(pilot, lambda panel=panel: app.focused is panel, "the focus")  # type: ignore[misc]
            await pilot.press("G")
            await pilot.pause()
            for one in top(app).panels():
                assert one.region.bottom <= size[1] - 2, one
            row = panel.region.y + 1 + panel.cursor - panel.offset_row
            if isinstance(panel, AlertsPanel | HealthPanel):
                assert row < panel.region.bottom


async def test_a_broken_configuration_is_named_at_80_columns() -> None:
    """The header keeps that, whatever else has to go."""
    async with shown(size=(80, 24)) as (app, pilot):
        app.feed.paused = True
        wrong = (Problem("pake.yaml", 3, "rules.0", "is not accepted"),) * 2
        header = app.screen.query_one(HeaderBar)

        def named() -> bool:
            app.snapshot = replace(app.snapshot, config=replace(app.snapshot.config, problems=wrong))
            return "2 problems" in text_of(header)

        await until(pilot, named, "the problems")


async def test_a_message_goes_with_the_next_key_once_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said to an earlier key does not stand beside what is true now."""
    async with shown() as (app, pilot):
        app.say("no further match below", "warning")
        await pilot.press("j")
        assert said(app) == "no further match below"
        monkeypatch.setattr(bars, "READ_S", 0.0)
        await pilot.press("k")
        assert said(app) == ""


async def test_a_terminal_large_enough_again_is_not_called_too_small() -> None:
    """The message goes when it is no longer so."""
    async with shown() as (app, pilot):
        await pilot.resize_terminal(60, 15)
        await until(pilot, lambda: "too small" in said(app), "the message")
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: said(app) == "", "its end")


async def test_esc_leads_back_through_the_screens() -> None:
    """From the alerts to the logs they were called from, from there to the overview, and no further."""
    async with shown() as (app, pilot):
        await pilot.press("3", "2", "5", "2")
        for name in ("config", "logs", "overview", "overview"):
            await pilot.press("escape")
            await until(pilot, lambda name=name: app.screen is app.base(name), name)  # type: ignore[misc]


async def test_what_was_typed_is_brought_back_on_every_screen() -> None:
    """`up` in `:` knows commands of another screen."""
    async with shown() as (app, pilot):
        await command(pilot, "logs timeout")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the logs")
        await pilot.press("colon", "up")
        assert app.screen.query_one(Prompt).text == "logs timeout"


async def test_what_is_copied_of_an_alert_is_the_alert() -> None:
    """On the overview and in the list: its JSON as the command prints it, and that command."""
    async with shown() as (app, pilot):
        for key in ("1", "2"):
            await pilot.press(key)
            panel = app.screen.query_one(AlertsPanel)
            await until(pilot, lambda panel=panel: panel.selected is not None, "the alert")  # type: ignore[misc]
            alert = panel.selected
            assert alert is not None
            assert json.loads(top(app).selected_json()) == alert_fields(alert)
            assert top(app).equal_command() == f"pake-tui alerts show {alert.id[:8]}"


async def test_an_alerts_row_gives_its_cells_to_what_there_is_to_say() -> None:
    """On a wide screen what somebody wrote is not cut beside blank cells, and titles stand whole."""
    async with shown(size=(200, 60)) as (app, pilot):
        panel = await alert_list(app, pilot)
        index = next(n for n, one in enumerate(panel.rows) if one.acknowledged is not None)
        row = "".join(text for text, _ in panel.draw_row(index, 118))
        assert panel.rows[index].title in row
        assert row.rstrip().endswith("“looking at the gateway”")
        assert len(row) <= 118


async def test_a_text_that_goes_on_below_says_so() -> None:
    """The frame of help and details counts the lines that do not fit; at the end it is plain."""
    async with shown(size=(80, 24)) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        panel = app.screen.query_one(LinesPanel)
        await until(pilot, lambda: panel.row_count() > 30, "its lines")
        edge: Callable[[], str] = lambda: "".join(text for text, _ in panel.bottom_edge(78))  # noqa: E731
        assert f"{panel.row_count() - panel.inner_height} more" in edge()
        await pilot.press("G")
        assert "more" not in edge()
        assert len(edge()) == 78


def test_a_shorter_histogram_is_shorter() -> None:
    """One step from all there is leads to the longest range that is shorter than it."""
    counts = (tuple(1 for _ in LEVEL_COLUMNS),) * 26
    of_26_minutes = Histogram(0, MINUTE, counts, 1, 1)
    assert range_after(None, -1, of_26_minutes) == 15 * MINUTE
    assert range_after(None, -1, replace(of_26_minutes, bucket_ns=HOUR)) == 24 * HOUR
    assert range_after(None, -1, replace(of_26_minutes, bucket_ns=SECOND)) == 5 * MINUTE
    assert range_after(5 * MINUTE, -1, of_26_minutes) == 5 * MINUTE
    assert range_after(7 * 24 * HOUR, 1, of_26_minutes) is None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("  cpu: 80   # night limit", "  cpu: 95   # night limit", "pake.yaml:4  cpu: 80 → 95"),
        ("cpu: 80", "cpu: 95", "pake.yaml:4  cpu: 80 → 95"),
        ("", "cpu: 95", "pake.yaml:4  (new) → cpu: 95"),
        ('name: "a # b"', 'name: "c # b"', 'pake.yaml:4  name: "a # b" → "c # b"'),
        ("{cpu: 80}", "{cpu: 95}", "pake.yaml:4  {cpu: 80} → 95}"),
    ],
)
def test_a_change_is_told_by_what_changes(before: str, after: str, told: str) -> None:
    """The setting once, its old and its new value: short enough for 80 columns."""
    assert change_line(EditPreview("cpu", "/etc/pake.yaml", 4, before, after)) == told


def test_lines_that_open_nothing_offer_no_enter() -> None:
    """A detail or help is read, not opened."""
    assert not LinesPanel("x").does("open")
    assert Panel("x").does("open")


async def test_a_click_leaves_a_question_open_and_typed_into() -> None:
    """What is typed after it is still the answer; `escape` closes the question, and only that."""
    async with shown() as (app, pilot):
        panel = await alert_list(app, pilot)
        screen, prompt = app.screen, app.screen.query_one(Prompt)
        await pilot.press("C")
        await until(pilot, lambda: prompt.question is not None, "the question")
        await pilot.click(AlertsPanel)
        await type_text(pilot, "seen")
        assert prompt.text == "seen"
        await pilot.press("escape")
        await until(pilot, lambda: prompt.question is None and app.focused is panel, "its end")
        assert app.screen is screen
