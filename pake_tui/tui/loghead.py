"""What stands around log rows: progress, hits, files, following, and what an empty view says."""

from __future__ import annotations

from collections.abc import Sequence

from pake_tui.model.record import LogFiles
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, number, t
from pake_tui.tui.glyphs import Glyphs
from pake_tui.tui.logreader import Answer
from pake_tui.tui.logsession import LogSession
from pake_tui.tui.terms import split_terms


def search_state(session: LogSession, hits: Answer | None, counting: bool) -> Line:
    """How far a search is and what it found; else the hits over all files, as far as they are counted."""
    job, answer = session.job, session.progress
    if session.searching and job is not None:
        found = answer.hits if answer else 0
        what = f"looking for {job.about}" if job.about else f"searching, {found:,} hits"
        return [(t(f"{what} {percent(answer)}".rstrip()), "accent")]
    if hits is None:
        return [(SafeText("counting"), "dim")] if counting else []
    found = hits.hits + (session.came if hits.last and not session.lit else 0)
    more = "+" if session.came_more and hits.last else ""
    text = f"{found:,}{more} hit{'s' if found != 1 else ''}"
    if not hits.last:
        text += f" in {percent(hits)}" + ("" if counting else ", stopped")
    return [(t(text), "text")]


def follow_state(session: LogSession, glyphs: Glyphs) -> Line:
    """Whether it follows, or how many lines came since it stopped."""
    if session.following:
        return [(t(f"following {glyphs.live}"), "ok")]
    if session.fresh or session.fresh_more:
        more = "+" if session.fresh_more else ""
        return [(t(f"{glyphs.below} {session.fresh:,}{more} new"), "accent")]
    return [(SafeText("f follows"), "dim")]


def files_state(files: LogFiles) -> Line:
    """How many files are shown, and their size."""
    readable = sum(not one.problem for one in files.files)
    size = number(float(files.total_bytes), "bytes")
    return [(t(f"{readable} file{'s' if readable != 1 else ''}, {size}"), "dim")]


def file_notes(files: LogFiles, room: int, glyphs: Glyphs) -> list[Line]:
    """Files that can't be read, each with the reason and the way out, in at most `room` lines."""
    bad = [one for one in files.files if one.problem]
    if room <= 0:
        return []
    lines: list[Line] = []
    for one in bad[:room]:
        said = one.problem if one.path in one.problem else f"{one.path}: {one.problem}"
        lines.append([(t(f" {glyphs.unhealthy} not shown: "), "warning"), (t(said), "dim")])
    if len(bad) > room:
        rest = (
            f" {glyphs.unhealthy} {len(bad) - room + 1} more files can't be read; pake-tui doctor names them"
        )
        lines[-1] = [(t(rest), "warning")]
    return lines


def nothing_lines(session: LogSession, files: LogFiles, unknown: Sequence[str], glyphs: Glyphs) -> list[Line]:
    """What an empty view says: what is being done, what would fill it, what to take off.

    `unknown` are the query's fields that no record was seen to have.
    """
    if session.job is not None:
        doing = f"Searching {session.query}" if session.query else "Reading"
        return [[(t(f" {doing}{glyphs.ellipsis}"), "dim")]]
    if not files.files:
        return [
            [(SafeText(" No log files."), "text")],
            [(SafeText(" Add logging.log_directory or logs: to pake.yaml,"), "dim")],
            [(SafeText(" or see the demo with pake-tui --demo."), "dim")],
        ]
    readable = sum(not one.problem for one in files.files)
    if not session.query:
        return [[(t(f" No lines yet in {readable} file(s)."), "dim")]]
    last = (split_terms(session.query) or [""])[-1]
    lines: list[Line] = [
        [(t(f" No record read so far has the field {name}."), "warning")] for name in unknown
    ]
    return [
        [(t(f" No line in {readable} file(s) matches "), "text"), (t(session.query), "accent")],
        *lines,
        [(t(f" backspace takes {last} off, X takes all off, / changes the filter."), "dim")],
    ]


def percent(answer: Answer | None) -> str:
    """How far a read is."""
    if answer is None or not answer.total:
        return ""
    return f"{min(99, answer.scanned * 100 // answer.total)} %"
