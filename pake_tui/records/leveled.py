"""The "time level [thread] logger: message" family: a header of few kinds of tokens in any order, then the message.

One scanner instead of a pattern per program: log4j, logback, Spring, Python, Rails, Laravel, env_logger, glog, hclog,
.NET, logcat, PostgreSQL, MySQL, nginx and Apache errors, Redis, systemd's neighbours.
"""

from __future__ import annotations

import re

from pake_tui.model.record import Level
from pake_tui.records.aliases import id_of
from pake_tui.records.draft import Draft
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock

_WORDS = (
    "TRACE|DEBUG\\d?|VERBOSE|FINEST|FINER|FINE|CONFIG|INFO|INFORMATION|NOTICE|NOTE|LOG|WARNING|WARN|ERROR|ERR|SEVERE"
    "|CRITICAL|CRIT|FATAL|EMERGENCY|EMERG|ALERT|PANIC|DBG|DBUG|INF|WRN|FTL|TRC|VRB|STATEMENT|DETAIL|HINT|SYSTEM|AUDIT"
    "|FAIL|SUCCESS|HTTP|SILLY|DPANIC|VRBS|ERRO|CRITICO"
)
_CAPS = re.compile(rf"(?:{_WORDS})(?![\w.])")
_ANY = re.compile(rf"(?i:{_WORDS})(?![\w.])")
_BRACKETED_LEVEL = re.compile(
    rf"[\[(<]\s{{0,4}}(?:[\w\-]{{1,40}}[:.])?((?i:{_WORDS})|[TDVIWEFC])\s{{0,8}}(?:[\])>]|(?=[|:/, ]))"
)
_LETTER = re.compile(r"[TDVIWEFC](?=[ ,/:]\s{0,4}\S)")
_CHANNEL = re.compile(rf"([\w\-]{{1,64}})\.({_WORDS})(?=:| )")
_BRACKET = re.compile(
    r"\[([^\[\]]{0,200}(?:\[[^\[\]]{0,100}\][^\[\]]{0,200})?)\]|\(([^()]{1,120})\)|<([\w.\-:$ ]{1,80})>|\{([\w.\-:$ ]{1,80})\}"
)
_HEADERISH = re.compile(r"[\w#/][\w.$@/:#\-,*<>~+=|\[\] ]{0,200}")
_NOT_HEADER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[a-z]+: |.*\s(?:is|was|to|the|for|in)\s")
_NUMBER = re.compile(r"(?:0x)?[\da-fA-F]{1,16}(?:#\d{1,12})?(?=[: \t\]|,]|$)")
_PID = re.compile(r"(?:pid[=: ]?)?\d{1,12}(?:#\d{1,12})?:?(?=[ \t:|]|$)")
_LOGGER = re.compile(
    r"([A-Za-z_$][\w.$/@\-]{0,200}(?:::[\w.$<>]{1,100}){0,10}(?:\[\d{1,9}\])?)(?:\(\d{1,9}\))?\s{0,40}(?::(?:\d{1,6})?(?=\s|$)|(?=[ ]-[ ])|(?= \[)|(?=\|)|(?=[ ]{3,}\S|\t))"
)
_SOURCE = re.compile(
    r"[\w./\-]{1,200}\.(?:go|py|cc|cpp|c|h|java|rs|rb|js|ts|php|cs|scala|kt):\d{1,7}(?:\]|:)?(?=[ \t\]:]|$)"
)
_SPLIT = re.compile(r"[ \t|]{0,60}(?:--?-?(?=[ \t])|::?(?=[ \t]|$)|[|:,;>\u2502](?=[ \t\[\w]))?[ \t|]{0,60}")
_GLOG = re.compile(
    r"([IWEFD])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{1,9})\s{1,12}(\d{1,12}) ([\w./\-]{1,200}:\d{1,7})\] ?"
)
_LOGCAT = re.compile(r"\s{1,8}(\d{1,9})\s{1,8}(\d{1,9}) ([VDIWEFA]) (.{1,80}?)\s{0,40}: ?")
_REDIS = re.compile(r"(\d{1,9}):([XCSM]) ")
_REDIS_MARK = re.compile(r" ([.\-*#]) ")
_REDIS_LEVELS = {".": Level.DEBUG, "-": Level.INFO, "*": Level.INFO, "#": Level.WARNING}
_REQUEST_ID = re.compile(r"req-[0-9a-f\-]{36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KEYED_ID = re.compile(r"(?i)(?:correlation|request|req|trace)[_-]?id[=:]\s?\"?([\w.\-]{4,128})")
_LEVEL_FIRST = re.compile(rf"(?:({_WORDS})|({_WORDS.lower()}))(?:\[\d{{1,9}}\])?(?::|\s{{2,}}|\s?\[|\s-\s| )")
_MAX_TOKENS = 14


class Header:
    """Where the scanner stands in one line, and what it has understood so far."""

    __slots__ = ("at", "colon", "draft", "text", "timed")

    def __init__(self, text: str, draft: Draft) -> None:
        self.text = text
        self.draft = draft
        self.at = 0
        self.timed = False
        self.colon = False
        """A level's or logger's colon was passed: what comes next is the message."""

    def field(self, name: str, value: str) -> None:
        """Keeps a header's value under a name, further ones under `name2`, `name3`."""
        key, count = name, 2
        while key in self.draft.fields and count < 9:
            key, count = f"{name}{count}", count + 1
        self.draft.fields[key] = value

    def skip(self) -> None:
        """Past blanks and what separates a header's parts."""
        found = _SPLIT.match(self.text, self.at)
        if found:
            self.at = found.end()

    def time(self, clock: Clock) -> bool:
        """A time, bare or bracketed."""
        text, at = self.text, self.at
        inner = at + 1 if text[at : at + 1] in ("[", "(", "<", '"') else at
        while inner > at and text[inner : inner + 1] == " ":
            inner += 1
        read = clock.match(text, inner)
        if read is None:
            return False
        self.draft.stamp, end = read
        self.timed = True
        if inner > at and text[end : end + 1] in ("]", ")", ">", '"'):
            end += 1
        elif inner > at and text[end : end + 1] == ":" and text[at] == "[" and "]" in text[end : end + 60]:
            return self._celery(end)
        self.at = end + 1 if text[end : end + 1] in (":", ",") and text[end + 1 : end + 3] != ":" else end
        return True

    def _celery(self, end: int) -> bool:
        """`[time: LEVEL/process] message`."""
        close = self.text.find("]", end)
        words = self.text[end + 1 : close].strip()
        level, _, process = words.partition("/")
        self.draft.level = of_word(level) or self.draft.level
        if process:
            self.field("thread", process)
        self.at = close + 1
        return True

    def level(self, loose: bool) -> bool:
        """A level: in capitals, bracketed, before a tab or a colon, or with `loose` in any case."""
        text, at = self.text, self.at
        if found := _BRACKETED_LEVEL.match(text, at):
            inner = found[1]
            level = of_word(inner)
            end = found.end()
            if level is not None and text[end - 1] not in "])>":
                close = text.find({"[": "]", "(": ")", "<": ">"}[text[at]], end, end + 200)
                if close < 0:
                    return False
                self.field("context", text[end:close].strip(" |:/,"))
                end = close + 1
            return self._took(level, end)
        if found := _CHANNEL.match(text, at):
            self.draft.logger = found[1]
            return self._took(of_word(found[2]), found.end())
        found = _CAPS.match(text, at) or (_ANY if loose else _ANY_MARKED).match(text, at)
        if found:
            return self._took(of_word(found[0]), found.end())
        if self.timed and (found := _LETTER.match(text, at)):
            return self._took(of_word(found[0]), found.end())
        return False

    def _took(self, level: Level | None, end: int) -> bool:
        if level is None:
            return False
        self.draft.level = level
        self.colon = self.text[end : end + 1] == ":" and self.text[end + 1 : end + 2] in (" ", "\t", "")
        self.at = end
        return True

    def bracket(self) -> bool:
        """A thread, pid, module or context in brackets."""
        found = _BRACKET.match(self.text, self.at)
        if not found:
            return False
        inner = next(group for group in found.groups() if group is not None).strip()
        after = self.text[found.end() : found.end() + 1]
        if after and (after.isalnum() or after in "(./"):
            return False
        if inner.startswith("client ") or (inner.startswith(("pid ", "tid ")) and ":" in inner):
            self.field(inner[:6].strip().split(" ")[0], inner.split(" ", 1)[1])
            self.at = found.end()
            return True
        if not _HEADERISH.fullmatch(inner) or _NOT_HEADER.match(inner):
            if not _REQUEST_ID.search(inner) or ": " in inner:
                return False
        if request := _REQUEST_ID.search(inner):
            self.draft.correlation_id = self.draft.correlation_id or id_of(request[0])
            self.field("request_id", request[0])
        elif keyed := _KEYED_ID.search(inner):
            self.draft.correlation_id = self.draft.correlation_id or id_of(keyed[1])
            self.field("context", inner)
        else:
            self.field("pid" if inner.isdigit() else "thread", inner)
        self.at = found.end()
        return True

    def number(self) -> bool:
        """A process or thread number."""
        found = _PID.match(self.text, self.at)
        if not found:
            return False
        self.field("pid", found[0].rstrip(":"))
        self.at = found.end()
        return True

    def source(self) -> bool:
        """`file.go:12`."""
        found = _SOURCE.match(self.text, self.at)
        if not found:
            return False
        self.field("source", found[0].rstrip("]:"))
        self.at = found.end()
        return True

    def logger(self) -> bool:
        """A name before a colon, ` - ` or a bracket."""
        if self.draft.logger is not None or not (found := _LOGGER.match(self.text, self.at)):
            return False
        name = found[1]
        if of_word(name) is not None or (len(name) == 1):
            return False
        self.draft.logger = name
        self.at = found.end()
        self.colon = found[0].endswith(":")
        return True


_ANY_MARKED = re.compile(rf"(?:(?i:{_WORDS}))(?=\t|:|\s{{2,}}|\s?\||\s-)")


def _glog(text: str, clock: Clock) -> Draft | None:
    found = _GLOG.match(text)
    if not found:
        return None
    letter, month, day, time, thread, source = found.groups()
    read = clock.match(f"{month}-{day} {time}")
    draft = Draft("glog", text[found.end() :], read[0] if read else None, of_word(letter))
    draft.fields.update(thread=thread, source=source)
    return draft


def _logcat(text: str, clock: Clock) -> Draft | None:
    read = clock.match(text)
    if not read or not (found := _LOGCAT.match(text, read[1])):
        return None
    draft = Draft("logcat", text[found.end() :], read[0], of_word(found[3]), logger=found[4].strip())
    draft.fields.update(pid=found[1], tid=found[2])
    return draft


def _redis(text: str, clock: Clock) -> Draft | None:
    start = _REDIS.match(text)
    read = clock.match(text, start.end()) if start else None
    mark = _REDIS_MARK.match(text, read[1]) if read else None
    if not start or not read or not mark:
        return None
    draft = Draft("redis", text[mark.end() :], read[0], _REDIS_LEVELS[mark[1]])
    draft.fields.update(pid=start[1], role=start[2])
    return draft


def _tabbed(header: Header) -> None:
    """zap's console: tabs between time, level, logger, caller, message and a JSON object."""
    parts = header.text[header.at :].lstrip("\t").split("\t")
    while (
        len(parts) > 1
        and not parts[1].startswith("{")
        and len(parts[0]) < 120
        and " " not in parts[0].strip()
    ):
        name = parts.pop(0).strip()
        if ":" in name or header.draft.logger:
            header.field("caller", name)
        else:
            header.draft.logger = name
    header.draft.message = "\t".join(parts)


def _tokens(header: Header, clock: Clock, loose: bool) -> None:
    """Takes tokens until the message begins."""
    for _ in range(_MAX_TOKENS):
        mark = header.at
        if header.at:
            header.skip()
        if header.colon or header.at >= len(header.text):
            return
        leveled = header.draft.level is not None
        if not header.timed and header.time(clock):
            continue
        if not leveled and header.level(loose or "\t" in header.text[header.at : header.at + 12]):
            continue
        done = leveled and header.draft.logger is not None and header.timed
        if header.text[header.at : header.at + 1] in "[(<{" and _opens(header, leveled) and header.bracket():
            continue
        if not done and (header.source() or (header.timed and not header.draft.logger and header.number())):
            continue
        if header.timed and _names(header, leveled, loose) and header.logger():
            continue
        if header.timed and not leveled and _leads_to_level(header):
            continue
        header.at = mark
        return


def _opens(header: Header, leveled: bool) -> bool:
    """Whether a bracket here may still belong to the header."""
    sign = header.text[header.at]
    return sign in "[{" or (sign == "(" and header.timed and leveled) or (sign == "<" and header.timed)


def _names(header: Header, leveled: bool, loose: bool) -> bool:
    """Whether a name here may be a logger: behind a level, or where a level follows it."""
    return leveled or _ahead(header) is not None


_AHEAD = re.compile(
    rf"(?:[\w.$@/\-:]{{1,80}}[ \t|]{{1,40}}(?:-[ ])?|\[[^\]]{{0,80}}\][ ]{{0,4}}){{1,3}}?(?:\[?(?:{_WORDS})\]?(?=[:\s\]|]))"
)


def _ahead(header: Header) -> re.Match[str] | None:
    return _AHEAD.match(header.text, header.at)


def _leads_to_level(header: Header) -> bool:
    """Takes one word (host, user, module) where a level in capitals follows within three."""
    if _ahead(header) is None:
        return False
    end = header.at
    while end < len(header.text) and not header.text[end].isspace() and header.text[end] != "|":
        end += 1
    header.field("context", header.text[header.at : end].strip(":"))
    header.at = end
    return True


def parse(text: str, clock: Clock, *, level_first: bool = False, loose: bool = False) -> Draft | None:
    """The line as a draft; None where it has neither a time at its start nor, with `level_first`, a level.

    `loose` lets lower-case words be levels: most lines of this file have one there.
    """
    for special in (_glog, _redis, _logcat):
        if draft := special(text, clock):
            return draft
    header = Header(text, Draft("leveled"))
    header.at = len(text) - len(text.lstrip(" \t")) if text[:1] in " \t" else 0
    if not header.time(clock):
        if not (_starts_with_level(text, header.at) and (level_first or _time_follows(text, clock))):
            return None
    _tokens(header, clock, loose)
    draft = header.draft
    if draft.level is None and not header.timed:
        return None
    if "\t" in text[: header.at + 1] and draft.level is not None:
        _tabbed(header)
    if draft.message is None:
        rest = header.text[header.at :]
        draft.message = _trimmed(rest, header.colon)
    return draft


def _trimmed(rest: str, colon: bool) -> str:
    """The message without the separators before it; a tab or deeper blanks in it stay."""
    if colon:
        return rest.removeprefix(":").lstrip(" ")
    found = re.match(
        r"[ ]{0,60}(?:(?:-{1,3}|::?|\||>|\u2502|,|;)(?=[ \t]|$)[ ]?)?(?:[ ]{0,40}(?::|-)(?=[ \t]|$)[ ]?)?",
        rest,
    )
    return rest[found.end() :] if found else rest


def _starts_with_level(text: str, at: int) -> bool:
    return (
        _LEVEL_FIRST.match(text, at) is not None
        or _BRACKETED_LEVEL.match(text, at) is not None
        or (text[at + 1 : at + 3] == ", " and of_word(text[at : at + 1]) is not None)
    )


def _time_follows(text: str, clock: Clock) -> bool:
    """Whether a time stands near the start of the line, behind a level."""
    for found in re.finditer(r"(?<![\w.])(?=\d|[JFMASOND][aepuco][a-z])", text[:100]):
        if clock.match(text, found.start()):
            return True
    return False


def parse_inside(text: str, clock: Clock) -> Draft | None:
    """A line whose time stands behind other header parts: the message is what follows the time."""
    for found in re.finditer(
        r"(?<![\w.])(?=\d|[JFMASOND][aepuco][a-z] |(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ,])", text[:240]
    ):
        if read := clock.match(text, found.start()):
            draft = Draft("leveled", stamp=read[0])
            before = text[: found.start()].rstrip(" [(<|:")
            header = Header(text, draft)
            header.timed = True
            for part in re.split(r"::|\||[\s\[\]]+", before)[:20]:
                level = of_word(part) if part.isupper() and len(part) > 1 else None
                if level is not None and draft.level is None:
                    draft.level = level
                elif part:
                    header.field("context", part)
            header.at = read[1] + 1 if text[read[1] : read[1] + 1] in "])>" else read[1]
            if text.startswith("::", header.at):
                _colons(header)
            else:
                _tokens(header, clock, False)
                draft.message = _trimmed(text[header.at :], header.colon)
            return draft
    return None


def _colons(header: Header) -> None:
    """`::module::line::logger::(function) message`."""
    rest = header.text[header.at + 2 :]
    if found := re.search(r"(?:^|::)\(([\w.<>]{1,80})\) ", rest[:400]):
        header.field("function", found[1])
        parts, header.draft.message = rest[: found.start()].split("::"), rest[found.end() :]
    else:
        *parts, header.draft.message = rest.split("::")
    if parts and parts[-1]:
        header.draft.logger = parts[-1]
