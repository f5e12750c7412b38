"""The "time level [thread] logger: message" family: few kinds of tokens in any order, then the message.

One scanner instead of a pattern per program: log4j, logback, Spring, Python, Rails, Laravel, env_logger,
hclog, .NET, PostgreSQL, MySQL, nginx and Apache errors, Elasticsearch, Kafka, Celery, uWSGI.
"""

from __future__ import annotations

import re

from pake_tui.records import appliances, dialects
from pake_tui.records.draft import Draft
from pake_tui.records.header import Header
from pake_tui.records.headerpatterns import BRACKETED_LEVEL, TRAILING_LOGGER, WORDS
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock
from pake_tui.text.late import late

_LEVEL_FIRST = late(rf"(?:({WORDS})|({WORDS.lower()}))(?:\[\d{{1,9}}\])?(?::|\s{{2,}}|\s?\[|\s-\s| )")
_TIME_PLACES = late(r"(?<![\w.])(?=\d|[JFMASOND][aepuco][a-z] |(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ,])")
_BEFORE_MESSAGE = late(
    r"[ ]{0,60}(?:(?:-{1,3}|::?|>|\u2502|,|;)(?=[ \t]|$)[ ]?|\|[ ]?)?(?:[ ]{0,40}(?::|-)(?=[ \t]|$)[ ]?)?"
)
_SOURCE = late(
    r"(?:spid\d{1,6}s?|Logon|Server|Backup) {2,}|kid\d{1,3}\| |[\w.]{1,80}\[\d{1,9}:[0-9a-f]{1,12}\] "
)
"""Who speaks, in lines without a level: SQL Server's error log, Squid's cache.log, Apple's NSLog."""
_MAX_TOKENS = 16


def _tokens(header: Header, loose: bool) -> None:
    """Takes tokens until the message begins."""
    for _ in range(_MAX_TOKENS):
        mark = header.at
        if header.colon:
            return
        if header.at:
            header.skip()
        if header.at >= len(header.text) or not _token(header, loose):
            header.at = mark if header.at < len(header.text) else header.at
            return


def _token(header: Header, loose: bool) -> bool:
    leveled, named = header.draft.level is not None, header.draft.logger is not None
    if not header.timed and header.time():
        return True
    if not leveled and header.level(loose or "\t" in header.text[header.at : header.at + 12]):
        return True
    if leveled and header.repeated():
        return True
    if not header.dashed and _opens(header, leveled) and header.bracket():
        return True
    if not header.timed:
        return False
    spanned = leveled and not named and not header.dashed
    if spanned and ("{" in header.text or "ThreadId" in header.text) and header.spans():
        return True
    if not header.dashed and not named and (header.source() or header.number()):
        return True
    if (leveled or header.level_ahead()) and ((not header.dashed and header.source()) or header.logger()):
        return True
    return not leveled and header.word()


def _opens(header: Header, leveled: bool) -> bool:
    """Whether a bracket here may still belong to the header."""
    sign = header.text[header.at]
    return sign in "[{" or (sign == "(" and header.timed and leveled) or (sign == "<" and header.timed)


def parse(text: str, clock: Clock, *, level_first: bool = False, loose: bool = False) -> Draft | None:
    """The line as a draft; None where it has neither a time at its start nor, with `level_first`, a level.

    `loose` lets lower-case words be levels: most lines of this file have one there.
    """
    tight = dialects.glog(text, clock) or dialects.redis(text, clock) or dialects.logcat(text, clock)
    tight = tight or dialects.csvlog(text, clock) or dialects.report(text, clock)
    tight = tight or dialects.zabbix(text, clock) or appliances.parse(text, clock)
    tight = tight or dialects.kernel(text) or dialects.invocation(text)
    if draft := tight or (dialects.npm(text) if level_first else None):
        return draft
    header = Header(text, Draft("leveled"), clock)
    header.at = len(text) - len(text.lstrip(" \t")) if text[:1] in (" ", "\t") else 0
    if header.at >= len(text):
        return None
    if not header.time():
        if not (_starts_with_level(text, header.at) and (level_first or _time_follows(text, clock))):
            return None
        if text[header.at + 1 : header.at + 2] == "," or text.startswith(" [", header.at + 1):
            header.draft.level = of_word(text[header.at])
            header.at += 1
    elif header.draft.stamp is None and not (header.draft.level or BRACKETED_LEVEL.match(text, header.at)):
        header.skip()
        if not header.level(False) and not header.level_ahead():
            return None
    _tokens(header, loose)
    return _finish(header)


def _finish(header: Header) -> Draft | None:
    draft = header.draft
    if draft.level is None and not header.timed:
        return None
    if "\t" in header.text[: header.at + 1] and draft.level is not None:
        dialects.tabbed(header)
    if draft.message is None:
        draft.message = _trimmed(header.text[header.at :], header.colon)
    if draft.level is None and (found := _SOURCE.match(draft.message)):
        header.field("source", found[0].strip(" |"))
        draft.message = draft.message[found.end() :]
    if draft.level is None and draft.message.startswith("PHP "):
        draft.level = dialects.php_level(draft.message)
    if draft.logger is None and (found := TRAILING_LOGGER.search(draft.message[-200:])):
        draft.logger = found[1]
    return draft


def _trimmed(rest: str, colon: bool) -> str:
    """The message without the separators before it; a tab or deeper blanks in it stay."""
    if colon:
        return rest.removeprefix(":").lstrip(" ")
    found = _BEFORE_MESSAGE.match(rest)
    return rest[found.end() :] if found else rest


def _starts_with_level(text: str, at: int) -> bool:
    return (
        _LEVEL_FIRST.match(text, at) is not None
        or BRACKETED_LEVEL.match(text, at) is not None
        or (text[at + 1 : at + 3] in (", ", " [") and of_word(text[at : at + 1]) is not None)
    )


def _time_follows(text: str, clock: Clock) -> bool:
    """Whether a time stands near the start of the line, behind a level."""
    return any(clock.match(text, found.start()) for found in _TIME_PLACES.finditer(text, 0, 100))


def parse_inside(text: str, clock: Clock) -> Draft | None:
    """A line whose time stands behind other header parts: the message is what follows the time."""
    for found in _TIME_PLACES.finditer(text, 0, 240):
        read = clock.match(text, found.start())
        if read is None:
            continue
        header = Header(text, Draft("leveled", stamp=read[0]), clock)
        header.timed = True
        _before(header, text[: found.start()].rstrip(" [(<|:"))
        header.at = read[1] + 1 if text[read[1] : read[1] + 1] in ("]", ")", ">") else read[1]
        if text.startswith("::", header.at):
            dialects.colons(header)
            return header.draft
        if header.at < len(text):
            _tokens(header, False)
        return _finish(header)
    return None


def _before(header: Header, text: str) -> None:
    """Level and context in what stands before the time."""
    for part in re.split(r"::|\||[\s\[\]]+", text)[:20]:
        word = part.rstrip(",:")
        level = of_word(word) if word.isupper() and (len(word) > 1 or part.endswith(",")) else None
        if level is not None and header.draft.level is None:
            header.draft.level = level
        else:
            header.field("context", part)
