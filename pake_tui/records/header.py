"""The tokens of a "time level [thread] logger: message" header, and a scanner that takes them one by one."""

from __future__ import annotations

import re

from pake_tui.model.record import Level
from pake_tui.records.aliases import id_of
from pake_tui.records.draft import Draft
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock
from pake_tui.text.late import late

WORDS = (
    "TRACE\\d?|TRAC|TRCE|DEBUG\\d?|DEBU|DDEBUG|SUBDEBUG|VERBOSE|FINEST|FINER|FINE|CONFIG|INFO|INFORMATION|NOTICE|NOTE|LOG|WARNING|WARN|ERROR|ERR"
    "|SEVERE|CRITICAL|CRIT|FATAL|FATA|EMERGENCY|EMERG|ALERT|PANIC|PANI|DBG|DBUG|INF|WRN|FTL|TRC|VRB|STATEMENT|DETAIL|HINT"
    "|SYSTEM|AUDIT|FAIL|SUCCESS|SILLY|DPANIC|ERRO"
)
BRACKETED_LEVEL = late(
    rf"[\[(<]\s{{0,4}}(?:[\w\-]{{0,40}}[:.]|[\w #.\-]{{1,60}}/)?((?i:{WORDS})|[TDVIWEFC])\s{{0,8}}"
    r"(?:[\])>]|(?=[|:/, ]))"
)
CAPS = late(rf"(?:{WORDS})(?![\w.])")
ANY = late(rf"(?i:{WORDS})(?![\w.])")
_ANY_MARKED = late(rf"(?i:{WORDS})(?=\t|:|\s{{2,}}|\s?\||\s-)")
_LETTER = late(r"[TDVIWEFC](?=[ ,/:]\s{0,4}\S)|D[1-5](?= )|[TDIWEF](?=! )|N(?= \|)")
_JOINED = late(rf"(\S{{0,200}}?):({WORDS}):(?=[ ]{{2}})")
"""PostgreSQL's prefix without blanks: `10.0.1.5(53524):app@shop:[28154]:ERROR:  …`."""
_NAMED = late(
    r"(?P<name>[\w./:\-]{1,64}?)(?:\([^()]{0,80}\)|\[[\d:]{1,20}\])?:? "
    r"(?i:(?P<word>info|notice|warning|error|debug|critical|fatal|panic)): "
    r"|(?P<tabbed>[\w./:\-]{1,64})\t(?P<level>info|warn|error|debug)\t"
)
"""A name, then a level in small letters: `queries: info: …`, `unbound[1:0] info: …`."""
_SUFFIXED = late(rf"([\w.\-/]{{1,80}})\[({WORDS})\]:")
_SPANS = late(
    r"(?:[\w.\-]{1,80}(?:\{(?:[^{}\"]|\"[^\"]{0,200}\"){0,400}\})?:){1,12}(?=\s)|ThreadId\(\d{1,6}\)(?= )"
)
"""The spans of Rust's tracing: `outer{a=1}:inner{b="x"}:`."""
_TRACE_PAIR = late(r"(?:[\w.\-]{0,80},)?([0-9a-f]{32}|[0-9a-f]{16})[,/\-][0-9a-f]{16}(?:,\w{0,8})?")
"""A trace and a span in one bracket, as Sleuth and Micrometer write them."""
_ELAPSED = late(rf"\d{{1,10}}(?=\s{{1,10}}\[[^\]]{{1,80}}\]\s{{1,4}}(?:{WORDS})\s)")
_CHANNEL = late(rf"([\w\-]{{1,64}})\.({WORDS})(?=:| )")
_BRACKET = late(
    r"\[([^\[\]]{0,200}(?:\[[^\[\]]{0,100}\][^\[\]]{0,200})?)\]|\(([^()]{1,120})\)|<([\w.\-:$ ]{1,80})>"
    r"|\{([\w.\-:$ ]{0,80})\}"
)
_HEADERISH = late(r"[\w#/][\w.$@/:#\-,*<>~+=|\[\] ]{0,200}")
_NOT_HEADER = late(r"\d{1,3}(?:\.\d{1,3}){3}|[a-z]+: |.*\s(?:is|was|to|the|for|in)\s")
_CONTEXT_PAIR = late(r"[^\[]* [^\[]*=|[^=\[]*=[^\[]* ")
_HEADER_FOLLOWS = late(r"\s{0,4}(?:-\s|\[|[\w.$]{1,200}\s{0,40}:\s)")
_PID = late(r"(?:pid[=: ]?)?\d{1,12}(?:#\d{1,12})?:?(?=[ \t:|]|$)")
_LOGGER = late(
    r"([A-Za-z_$][\w.$/@\-#]{0,200}(?:::[\w.$<>]{1,100}){0,10}(?:\[\d{1,9}\])?)(?:\(\d{1,9}\))?\s{0,40}"
    r"(?::(?:\d{1,6})?(?=\s|$)(?:[ ][\w./\-]{1,120}\.rs:\d{1,6}:)?|(?=[ ]-[ ])|(?= \[)|(?=\|)|(?=[ ]{3,}\S))"
    r"|([\w.$/\[\]]{3,200})[ ]{1,40}:(?=[ ])"
    r"|((?:[a-z][\w]{0,40}\.){2,12}[A-Z][\w$]{0,80}(?:\.[\w$<>]{1,80})?)(?=[ ])"
)
_EVENT_FOLLOWS = late(r"\s{3,80}(?:\[[\w.]{1,80}\] ?|)(?:[\w.]{1,60}=|$)")
TRAILING_LOGGER = late(r" \(((?:[a-z][\w]{0,60}\.){1,12}[A-Z]?[\w$]{1,80})(?::\d{1,6})?\)$")
_CODE = late(r"[A-Z]{1,12}-?\d{2,8}[A-Z]?")
_CHAIN = late(r":([\w.$/\-]{1,100}):(?:([\w\-]{1,60}): )?")
_SOURCE = late(
    r"[\w./\-]{1,200}\.(?:go|py|cc|cpp|c|h|java|rs|rb|js|ts|php|cs|scala|kt):\d{1,7}"
    r"(?:\]|:[\w.*()]{1,80}\(\)|:)?(?=[ \t\]:]|$)"
    r"|[\w.]{1,120}:[\w<>]{1,80}:\d{1,7}(?= - )"
)
_SPLIT = late(r"[ \t|]{0,60}(?:--?-?(?=[ \t])|::?(?=[ \t]|$)|[|:,;>\u2502](?=[ \t\[\w]))?[ \t|]{0,60}")
_CLOCK_ONLY = late(
    r"([\[(]?)[ ]{0,2}(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?![\d:])|\d{1,2}:\d\d[AP]M(?= )"
)
_INSIDE = late(r"[ ,:|]{1,8}([^\]]{1,120})\]")
REQUEST_ID = late(r"req-[0-9a-f\-]{36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEYED_ID = late(r"(?ai)(?:correlation|request|req|trace)[_-]?id[=:]\s?\"?([\w.\-]{4,128})")
BARE_ID = late(
    r"(?ai:req|request|rid|cid|corr|correlation|trace|txn?|op)[-_:](?=[A-Za-z]{0,63}\d)"
    r"(?:[0-9A-Fa-f]{6,64}|[0-9A-Za-z]{12,64})|(?=[A-Fa-f]{0,63}\d)[0-9A-Fa-f]{16,64}"
)
"""What stands alone in a header's bracket and is an ID: `req-5f2c01ab9d3e`, a trace's hexadecimal digits."""
_AHEAD = late(
    rf"(?:[\w.\-]{{1,40}}=\S{{1,120}}[ \t]{{1,8}}){{0,8}}"
    rf"(?:(?:[\w.$@/\-:\[\]]{{1,80}}[ \t|]{{1,40}}(?:-[ ])?|\[[^\]]{{0,80}}\][ ]{{0,4}}){{0,3}}?"
    rf"(?:\[?(?:{WORDS})\]?(?=[:\s\]|])|\[(?i:{WORDS})\](?=\s)))"
)


class Header:
    """Where the scanner stands in one line, and what it has understood so far."""

    __slots__ = ("at", "brackets", "clock", "colon", "dashed", "draft", "text", "timed")

    def __init__(self, text: str, draft: Draft, clock: Clock) -> None:
        self.text = text
        self.draft = draft
        self.clock = clock
        self.at = 0
        self.brackets = 0
        """How many were passed behind the level."""
        self.timed = False
        self.colon = False
        """A level's or logger's colon was passed: what comes next is the message."""
        self.dashed = False
        """A dash was passed behind time and level: what comes next is the message, or a name and a dash."""

    def field(self, name: str, value: str) -> None:
        """Keeps a header's value under a name, further ones under `name2`, `name3`."""
        if not value.strip("-:|,#"):
            return
        key, count = name, 2
        while key in self.draft.fields and count < 9:
            key, count = f"{name}{count}", count + 1
        self.draft.fields[key] = value

    def skip(self) -> None:
        """Past blanks and what separates a header's parts."""
        if found := _SPLIT.match(self.text, self.at):
            if self.timed and self.draft.level is not None and found[0].strip() == "-":
                self.dashed = True
            self.at = found.end()

    def time(self) -> bool:
        """A time, bare or bracketed, with what else its bracket holds; a clock without date is skipped."""
        text, at = self.text, self.at
        inner = at + 1 if text[at : at + 1] in ("[", "(", "<", '"') else at
        while inner > at and text[inner : inner + 1] == " ":
            inner += 1
        if read := self.clock.match(text, inner):
            self.draft.stamp, end = read
        elif found := _CLOCK_ONLY.match(text, at) or _ELAPSED.match(text, at):
            end = found.end()
        else:
            return False
        self.timed = True
        if inner > at and text[end : end + 1] in ("]", ")", ">", '"'):
            self.at = end + 1
        elif text[at] == "[" and (found := _INSIDE.match(text, end)):
            known = self.draft.level is not None
            self._inside(found[1])
            self.at = found.end()
            self.colon = not known and self.draft.level is not None and text[self.at : self.at + 1] == " "
        else:
            self.at = end + 1 if text[end : end + 1] in (":", ",") and text[end + 1 : end + 3] != ":" else end
        if text[self.at - 1] == ":" and text[self.at : self.at + 1].isalpha():
            self.at -= 1
        return True

    def _inside(self, words: str) -> None:
        """The rest of the time's bracket: `[time LEVEL logger]`, `[time: LEVEL/process]`, `[time #123]`."""
        for part in words.replace("/", " /").split()[:4]:
            if part[0] == "/":
                self.field("thread", part[1:])
                continue
            level = of_word(part)
            if level is not None and self.draft.level is None:
                self.draft.level = level
            elif part.lstrip("#").isdigit():
                self.field("pid", part.lstrip("#"))
            elif "::" in part or "." in part or (self.draft.level is not None and "-" not in part):
                self.draft.logger = part
            else:
                self.field("thread", part)

    def level(self, loose: bool) -> bool:
        """A level: in capitals, bracketed, before a tab or a colon, or with `loose` in any case."""
        text, at = self.text, self.at
        if found := BRACKETED_LEVEL.match(text, at):
            return self._bracketed(found)
        if self.timed and self._named():
            return True
        if found := _CHANNEL.match(text, at):
            self.draft.logger = found[1]
            return self._took(of_word(found[2]), found.end())
        if found := CAPS.match(text, at) or (ANY if loose else _ANY_MARKED).match(text, at):
            return self._took(of_word(found[0]), found.end())
        if self.timed and (found := _LETTER.match(text, at)):
            return self._took(of_word(found[0]), found.end() + text.startswith("!", found.end()))
        return False

    def _named(self) -> bool:
        """A level glued to what stands before it, or behind a name that is no part of a sentence."""
        text, at = self.text, self.at
        if ":  " in text and (found := _JOINED.match(text, at)):
            self.field("context", found[1])
            return self._took(of_word(found[2]), found.end() - 1)
        if "]:" in text and (found := _SUFFIXED.match(text, at)):
            self.draft.logger = found[1]
            return self._took(of_word(found[2]), found.end() - 1)
        if (": " in text or "\t" in text) and (found := _NAMED.match(text, at)):
            self.draft.logger = (found["name"] or found["tabbed"]).rstrip(":")
            self.draft.level = of_word(found["word"] or found["level"])
            self.at, self.colon = found.end(), True
            return True
        return False

    def _bracketed(self, found: re.Match[str]) -> bool:
        level, end = of_word(found[1]), found.end()
        if level is not None and self.text[end - 1] not in "])>":
            close = self.text.find({"[": "]", "(": ")", "<": ">"}[self.text[self.at]], end, end + 200)
            if close < 0:
                return False
            start = end + len(self.text[end:close]) - len(self.text[end:close].lstrip())
            if not self.timed and (read := self.clock.match(self.text, start)):
                self.draft.stamp, start = read
                self.timed = True
            self.field("context", self.text[start:close].strip(" |:/,"))
            end = close + 1
        return self._took(level, end)

    def _took(self, level: Level | None, end: int) -> bool:
        if level is None:
            return False
        self.draft.level = level
        if chain := _CHAIN.match(self.text, end):
            self.draft.logger, self.at, self.colon = chain[1], chain.end(), True
            if chain[2]:
                self.field("thread", chain[2])
            return True
        self.colon = self.text[end : end + 1] == ":" and self.text[end + 1 : end + 2] in (" ", "\t", "")
        self.at = end
        return True

    def repeated(self) -> bool:
        """The level once more in full, as Ruby's logger writes it: `I, [time]  INFO -- program: message`."""
        found = CAPS.match(self.text, self.at)
        if not found or not self.text.startswith(" -- ", found.end()):
            return False
        self.at = found.end()
        return True

    def bracket(self) -> bool:
        """A thread, pid, module or context in brackets; what reads like text is the message's."""
        found = _BRACKET.match(self.text, self.at)
        if not found:
            return False
        inner = next(group for group in found.groups() if group is not None).strip()
        after = self.text[found.end() : found.end() + 1]
        if (after and (after.isalnum() or after in "(./@")) or self._is_text(found.end()):
            return False
        if pair := _TRACE_PAIR.fullmatch(inner):
            self.draft.correlation_id = self.draft.correlation_id or pair[1]
            self.field("context", inner)
        elif inner.startswith("client ") or (inner.startswith(("pid ", "tid ")) and ":" in inner):
            self.field(inner[:6].strip().split(" ")[0], inner.split(" ", 1)[1])
        elif request := REQUEST_ID.search(inner):
            if ": " in inner:
                return False
            self.draft.correlation_id = self.draft.correlation_id or id_of(request[0])
            self.field("request_id", request[0])
        elif BARE_ID.fullmatch(inner):
            self.draft.correlation_id = self.draft.correlation_id or inner
            self.field("request_id", inner)
        elif inner and (not _HEADERISH.fullmatch(inner) or _NOT_HEADER.match(inner)):
            return False
        elif keyed := KEYED_ID.search(inner):
            self.draft.correlation_id = self.draft.correlation_id or id_of(keyed[1])
            self.field("context", inner)
        elif _CONTEXT_PAIR.match(inner) and not _HEADER_FOLLOWS.match(self.text, found.end()):
            return False
        else:
            self.field("pid" if inner.isdigit() else "thread", inner)
        self.at = found.end()
        return True

    def _is_text(self, end: int) -> bool:
        """Whether a bracket behind the level is the message's: the third, or where the logger stands last."""
        if self.draft.level is None:
            return False
        self.brackets += 1
        if self.text[-1] == ")" and TRAILING_LOGGER.search(self.text[-200:]):
            return True
        return self.brackets > 2 and not _HEADER_FOLLOWS.match(self.text, end)

    def number(self) -> bool:
        """A process or thread number."""
        found = _PID.match(self.text, self.at)
        if not found:
            return False
        self.field("pid", found[0].rstrip(":").removeprefix("pid="))
        self.at = found.end()
        return True

    def source(self) -> bool:
        """`file.go:12`, `module:function:12`."""
        found = _SOURCE.match(self.text, self.at)
        if not found:
            return False
        self.field("source", found[0].rstrip("]:"))
        self.at = found.end()
        return True

    def logger(self) -> bool:
        """A name before a colon, ` - ` or a bracket, or a class with its package."""
        if self.draft.logger is not None or not (found := _LOGGER.match(self.text, self.at)):
            return False
        name = found[1] or found[2] or found[3]
        led = self.draft.level is not None and self.text.startswith(" - ", found.end())
        if (of_word(name) is not None and not led) or len(name) == 1 or _CODE.fullmatch(name):
            return False
        if found[1] and _EVENT_FOLLOWS.match(self.text, found.end(1)):
            return False  # structlog's event, filled up with blanks before its pairs
        if self.dashed and not self.text.startswith((" - ", "|"), found.end()):
            return False
        self.draft.logger = name
        self.at = found.end()
        self.colon = found[0].endswith(":")
        return True

    def spans(self) -> bool:
        """The spans of Rust's tracing, or its thread."""
        found = _SPANS.match(self.text, self.at)
        if not found or not ("{" in found[0] or found[0].startswith("Thread")):
            return False
        self.field("context", found[0].rstrip(":"))
        self.at = found.end()
        return True

    def level_ahead(self) -> bool:
        """Whether a level in capitals follows within three words, or behind `key=value` pairs."""
        return _AHEAD.match(self.text, self.at) is not None

    def word(self) -> bool:
        """One word before a level that follows: host, user, module, `key=value`."""
        if not self.level_ahead():
            return False
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] != "|":
            end += 1
        if REQUEST_ID.fullmatch(self.text, self.at, end):
            self.draft.correlation_id = self.draft.correlation_id or self.text[self.at : end]
        name, sign, value = self.text[self.at : end].partition("=")
        self.field(name if sign else "context", value if sign else name.strip(":"))
        self.at = end
        return True
