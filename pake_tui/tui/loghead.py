"""What stands around log rows: progress, hits, files, following, and what an empty view says."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pake_tui.model.record import IndexStatus, LogFiles
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, fit, number, t
from pake_tui.tui.glyphs import Glyphs
from pake_tui.tui.hitcount import HitCount
from pake_tui.tui.logreader import Answer
from pake_tui.tui.logsession import LogSession
from pake_tui.tui.terms import split_terms


def title_start(title: str, session: LogSession, half: int, glyphs: Glyphs) -> Line:
    """The name, and the query with how it is used, in some `half` of a width."""
    line: Line = [(t(title), "title")]
    if session.query:
        room = max(12, half - len(title) - 8)
        shown = t(session.query) if len(session.query) <= room else fit(session.query, room, glyphs)
        line += [(t(f" {glyphs.across} "), "border"), (shown, "accent")]
        how = " (lit up)" if session.lit else f" {plus_minus(glyphs)}{session.context}"
        if session.lit or session.context:
            line.append((t(how), "dim"))
    return line


def plus_minus(glyphs: Glyphs) -> str:
    """The sign of so many lines around."""
    return "+-" if glyphs.times.isascii() else "±"


def title_end(
    session: LogSession, counted: HitCount, files: LogFiles | None, problem: str, glyphs: Glyphs
) -> Line:
    """Progress or hits, files, index, and whether it follows."""
    parts: list[Line] = [[(t(problem), "warning")]] if problem else []
    if session.query or session.searching:
        parts.append(search_state(session, counted))
    if files is not None:
        parts += [index_state(files.index), files_state(files)]
    parts.append(follow_state(session, glyphs))
    line: Line = []
    for part in parts:
        line += [(t(f" {glyphs.separator} "), "dim"), *part] if line and part else part
    return line


def search_state(session: LogSession, counted: HitCount) -> Line:
    """How far a search is and what it found; else the hits over all files, as far as they are counted."""
    job, answer = session.job, session.progress
    if session.searching and job is not None:
        found = answer.hits if answer else 0
        what = f"looking for {job.about}" if job.about else f"searching, {found:,} hits"
        return [(t(f"{what} {percent(answer)}".rstrip()), "accent")]
    if counted.hits is None:
        return [(SafeText("counting"), "dim")] if counted.running else []
    if not counted.hits.last:
        return [(t(hits_so_far(counted.hits, counted.running, session.window.hits())), "text")]
    came = 0 if session.lit else session.came
    return [(t(hits_text(counted.hits, came, session.came_more)), "text")]


def hits_text(hits: Answer, came: int = 0, came_more: bool = False) -> str:
    """Hits counted over all files, and come since."""
    found = hits.hits + came
    return f"{found:,}{'+' if came_more else ''} hit{'s' if found != 1 else ''}"


def hits_so_far(hits: Answer, running: bool, shown: int = 0) -> str:
    """Hits while they are counted, never fewer than are shown, and of how much of the files."""
    found = max(hits.hits, shown)
    text = f"{found:,}+ hits" if found else "no hit so far"
    return f"{text}, {percent(hits)} counted{'' if running else ', stopped'}"


def index_state(index: IndexStatus) -> Line:
    """How far the index is while it is built."""
    if not index.building or not index.total_bytes:
        return []
    return [(t(f"indexing {min(99, index.indexed_bytes * 100 // index.total_bytes)} %"), "dim")]


def file_options(files: LogFiles | None) -> str:
    """The options that make a command read the files that were asked for."""
    return "".join(f" --file {shlex.quote(one)}" for one in files.named) if files is not None else ""


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
    """Files that can't be read and an index that can't be kept, with the reason, in at most `room` lines."""
    bad = [one for one in files.files if one.problem]
    if room <= 0:
        return []
    lines: list[Line] = []
    for one in bad[:room]:
        said = one.problem if one.path in one.problem else f"{one.path}: {one.problem}"
        lines.append([(t(f" {glyphs.unhealthy} not shown: "), "warning"), (t(said), "dim")])
    if files.index.problem and len(lines) < room:
        lines.append(
            [(t(f" {glyphs.unhealthy} searched without index: "), "warning"), (t(files.index.problem), "dim")]
        )
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
