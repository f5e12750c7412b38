"""The sample incident is one story, whoever tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pake_tui import paths
from pake_tui.cli import demo_story
from pake_tui.cli.demo_story import Line, Story
from pake_tui.clock import SECOND
from pake_tui.engine.logfiles.discover import Folders, discover
from pake_tui.engine.monitoring import rulespecs
from pake_tui.engine.settings.live import LiveSettings

START = 1_800_000_000 * SECOND


@pytest.fixture
def story() -> Story:
    """The story that ships."""
    return demo_story.load(paths.data_folder("sample-data"), START)


def lines(story: Story, numbers: range, recovered_ns: int | None = None) -> Iterator[Line]:
    """All lines of some requests."""
    for number in numbers:
        yield from story.request(number, recovered_ns)


def test_two_tellers_tell_the_same(story: Story) -> None:
    """Five processes that never speak to one another agree on every line."""
    other = demo_story.load(paths.data_folder("sample-data"), START)
    assert list(lines(story, range(-50, 50))) == list(lines(other, range(-50, 50)))


def test_a_failing_payment_crosses_all_five_services_under_one_id(story: Story) -> None:
    """Its lines are in order of time per service, and its answer is a 502."""
    failing = [list(story.request(number, None)) for number in range(200)]
    told = next(request for request in failing if any(line.raises for line in request))
    assert {line.service for line in told} == set(story.services)
    assert len({line.correlation_id for line in told}) == 1
    assert next(line for line in told if line.answer_ms).fields["status_code"] == 502


def test_all_is_well_before_the_incident_and_after_the_recovery(story: Story) -> None:
    """The gateway fails in between, and only there."""
    early = range(story.first_request, story.first_request + 200)
    assert not any(line.failed for line in lines(story, early))
    assert any(line.failed for line in lines(story, range(100)))
    assert not any(line.failed for line in lines(story, range(100), recovered_ns=START - SECOND))


def test_latency_rises_while_the_gateway_fails(story: Story) -> None:
    """Payments take over a second then, and far less before."""
    early = range(story.first_request, story.first_request + 100)
    before = [line.answer_ms for line in lines(story, early) if line.answer_ms and line.endpoint == "pay"]
    during = [
        line.answer_ms for line in lines(story, range(50, 150)) if line.answer_ms and line.endpoint == "pay"
    ]
    assert max(before) < 500 < 1_000 < min(during)


def test_chores_come_at_their_pace(story: Story) -> None:
    """Each line of a range is told once, however the range is cut."""
    whole = list(story.chores("auth", START, START + 100 * SECOND))
    cut = [
        line
        for at in range(100)
        for line in story.chores("auth", START + at * SECOND, START + (at + 1) * SECOND)
    ]
    assert len(whole) >= 8
    assert sorted(line.at_ns for line in whole) == [line.at_ns for line in cut]


def test_the_demos_configuration_is_valid_and_has_the_rule_of_its_story() -> None:
    """The latency rule judges what the api measures."""
    settings = LiveSettings(
        paths.data_folder("sample-data") / "pake.yaml",
        use_env=False,
        validators={"rules": rulespecs.validate},
    )
    latency = rulespecs.rules_from(settings.current.rules)[0]
    assert (latency.metric, latency.threshold) == ("api.latency", 500)


def test_each_request_tells_who_called_whom(story: Story) -> None:
    """Lines of a request carry their span and its caller's, so that the traces of the demo are nested."""
    told = list(lines(story, range(1)))
    own = {line.service: line.fields["span_id"] for line in told}
    assert len(set(own.values())) == len(own) > 2
    assert {line.fields.get("parent_span_id") for line in told if line.service == "auth"} == {own["api"]}
    assert all("parent_span_id" not in line.fields for line in told if line.service == "api")


def test_the_demo_shows_no_log_of_the_host_it_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before a line of the incident is written, which takes a few seconds: where nothing else is named,
    a console shows the host's own logs.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "syslog").write_text("Mar  1 12:00:00 web-1 cron[1]: hourly\n")
    file = paths.data_folder("sample-data") / "pake.yaml"
    globs = LiveSettings(file, use_env=False).current.logs
    assert not discover(globs, [], Folders(), host=str(tmp_path / "var")).found
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "api.log").write_text("{}\n")
    assert len(discover(globs, [], Folders(), host=str(tmp_path / "var")).found) == 1
