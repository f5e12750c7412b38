"""A scanner that takes the tokens of a "time level [thread] logger: message" header one by one."""

from __future__ import annotations

import re

from pake_tui.model.record import Level
from pake_tui.records import headerpatterns as patterns
from pake_tui.records.aliases import id_of
from pake_tui.records.draft import Draft
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock


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
        if found := patterns.SPLIT.match(self.text, self.at):
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
        elif found := patterns.CLOCK_ONLY.match(text, at) or patterns.ELAPSED.match(text, at):
            end = found.end()
        else:
            return False
        self.timed = True
        if inner > at and text[end : end + 1] in ("]", ")", ">", '"'):
            self.at = end + 1
        elif text[at] == "[" and (found := patterns.INSIDE.match(text, end)):
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
        if found := patterns.BRACKETED_LEVEL.match(text, at):
            return self._bracketed(found)
        if self.timed and self._named():
            return True
        if found := patterns.CHANNEL.match(text, at):
            self.draft.logger = found[1]
            return self._took(of_word(found[2]), found.end())
        lower = patterns.ANY if loose else patterns.ANY_MARKED
        if found := patterns.CAPS.match(text, at) or lower.match(text, at):
            return self._took(of_word(found[0]), found.end())
        if self.timed and (found := patterns.LETTER.match(text, at)):
            return self._took(of_word(found[0]), found.end() + text.startswith("!", found.end()))
        return False

    def _named(self) -> bool:
        """A level glued to what stands before it, or behind a name that is no part of a sentence."""
        text, at = self.text, self.at
        if ":  " in text and (found := patterns.JOINED.match(text, at)):
            self.field("context", found[1])
            return self._took(of_word(found[2]), found.end() - 1)
        if "]:" in text and (found := patterns.SUFFIXED.match(text, at)):
            self.draft.logger = found[1]
            return self._took(of_word(found[2]), found.end() - 1)
        found = patterns.NAMED.match(text, at) if ": " in text or "\t" in text else None
        if found and of_word(name := (found["name"] or found["tabbed"]).rstrip(":")) is None:
            self.draft.logger = name
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
        if chain := patterns.CHAIN.match(self.text, end):
            self.draft.logger, self.at, self.colon = chain[1], chain.end(), True
            if chain[2]:
                self.field("thread", chain[2])
            return True
        self.colon = self.text[end : end + 1] == ":" and self.text[end + 1 : end + 2] in (" ", "\t", "")
        if self.colon and not self.timed and self.clock.match(self.text, end + 2):
            self.colon = False
        self.at = end
        return True

    def repeated(self) -> bool:
        """The level once more in full, as Ruby's logger writes it: `I, [time]  INFO -- program: message`."""
        found = patterns.CAPS.match(self.text, self.at)
        if not found or not self.text.startswith(" -- ", found.end()):
            return False
        self.at = found.end()
        return True

    def bracket(self) -> bool:
        """A thread, pid, module or context in brackets; what reads like text is the message's."""
        found = patterns.BRACKET.match(self.text, self.at)
        if not found:
            return False
        inner = next(group for group in found.groups() if group is not None).strip()
        after = self.text[found.end() : found.end() + 1]
        if (after and (after.isalnum() or after in "(./@")) or self._is_text(found.end()):
            return False
        if pair := patterns.TRACE_PAIR.fullmatch(inner):
            self.draft.correlation_id = self.draft.correlation_id or pair[1]
            self.field("context", inner)
        elif inner.startswith("client ") or (inner.startswith(("pid ", "tid ")) and ":" in inner):
            self.field(inner[:6].strip().split(" ")[0], inner.split(" ", 1)[1])
        elif request := patterns.REQUEST_ID.search(inner):
            if ": " in inner:
                return False
            self.draft.correlation_id = self.draft.correlation_id or id_of(request[0])
            self.field("request_id", request[0])
        elif patterns.BARE_ID.fullmatch(inner):
            self.draft.correlation_id = self.draft.correlation_id or inner
            self.field("request_id", inner)
        elif inner and (not patterns.HEADERISH.fullmatch(inner) or patterns.NOT_HEADER.match(inner)):
            return False
        elif keyed := patterns.KEYED_ID.search(inner):
            self.draft.correlation_id = self.draft.correlation_id or id_of(keyed[1])
            self.field("context", inner)
        elif self._is_word(found) or (
            patterns.CONTEXT_PAIR.match(inner) and not patterns.HEADER_FOLLOWS.match(self.text, found.end())
        ):
            return False
        elif self.draft.logger is None and patterns.DOTTED.fullmatch(inner):
            self.draft.logger = inner
        else:
            self.field("pid" if inner.isdigit() else "thread", inner)
        self.at = found.end()
        return True

    def _is_word(self, found: re.Match[str]) -> bool:
        """Whether the first bracket behind the level, a round one or so, is what the message begins with."""
        if self.draft.level is None or self.brackets > 1 or found[0][0] == "[":
            return False
        return not patterns.PROCESS.fullmatch(found[0][1:-1]) and not patterns.HEADER_FOLLOWS.match(
            self.text, found.end()
        )

    def _is_text(self, end: int) -> bool:
        """Whether a bracket behind the level is the message's: the third, or where the logger stands last."""
        if self.draft.level is None:
            return False
        self.brackets += 1
        if self.text[-1] == ")" and patterns.TRAILING_LOGGER.search(self.text[-200:]):
            return True
        return self.brackets > 2 and not patterns.HEADER_FOLLOWS.match(self.text, end)

    def number(self) -> bool:
        """A process or thread number."""
        found = patterns.PID.match(self.text, self.at)
        if not found:
            return False
        bare = found[0].isdigit() and not self._ahead(found.end())
        if bare and not patterns.PID_AHEAD.match(self.text, found.end()):
            return False
        self.field("pid", found[0].rstrip(":").removeprefix("pid="))
        self.at = found.end()
        return True

    def source(self) -> bool:
        """`file.go:12`, `module:function:12`."""
        found = patterns.SOURCE.match(self.text, self.at)
        if not found:
            return False
        self.field("source", found[0].rstrip("]:"))
        self.at = found.end()
        return True

    def logger(self) -> bool:
        """A name before a colon, ` - ` or a bracket, or a class with its package."""
        if self.draft.logger is not None or not (found := patterns.LOGGER.match(self.text, self.at)):
            return False
        name = found[1] or found[2] or found[3]
        led = self.draft.level is not None and self.text.startswith(" - ", found.end())
        if (of_word(name) is not None and not led) or len(name) == 1 or patterns.CODE.fullmatch(name):
            return False
        if found[1] and patterns.EVENT_FOLLOWS.match(self.text, found.end(1)):
            return False  # structlog's event, filled up with blanks before its pairs
        if self.dashed and not self.text.startswith((" - ", "|"), found.end()):
            return False
        self.draft.logger = name
        self.at = found.end()
        self.colon = found[0].endswith(":")
        return True

    def spans(self) -> bool:
        """The spans of Rust's tracing, or its thread."""
        found = patterns.SPANS.match(self.text, self.at)
        if not found or not ("{" in found[0] or found[0].startswith("Thread")):
            return False
        self.field("context", found[0].rstrip(":"))
        if keyed := patterns.KEYED_ID.search(found[0]):
            self.draft.correlation_id = self.draft.correlation_id or id_of(keyed[1])
        self.at = found.end()
        return True

    def level_ahead(self) -> bool:
        """Whether a level in capitals follows within three words, or behind `key=value` pairs."""
        return patterns.AHEAD.match(self.text, self.at) is not None

    def _ahead(self, at: int) -> bool:
        """Whether a level in capitals follows that place, and none was before it."""
        return self.draft.level is None and patterns.AHEAD.match(self.text, at + 1) is not None

    def word(self) -> bool:
        """One word before a level that follows: host, user, module, `key=value`."""
        if not self.level_ahead():
            return False
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] != "|":
            end += 1
        if patterns.REQUEST_ID.fullmatch(self.text, self.at, end):
            self.draft.correlation_id = self.draft.correlation_id or self.text[self.at : end]
        elif keyed := patterns.KEYED_ID.fullmatch(self.text, self.at, end):
            self.draft.correlation_id = self.draft.correlation_id or id_of(keyed[1])
        name, sign, value = self.text[self.at : end].partition("=")
        self.field(name if sign else "context", value if sign else name.strip(":"))
        self.at = end
        return True
