"""Lines become records: one parser per file, told the family by its first lines, re-checked at every record.

parser = Parser(first_lines, now_ns=clock.now_ns())
parser.starts_record(line)   # False: the line continues the record before it, or is blank
parser.parse(lines)          # the physical lines of one record -> its records, masked
parser.time_of(line)         # cheap, for merging and binary search
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from textwrap import dedent

from pake_tui.model.record import Record
from pake_tui.records import access, custom, jsonkeys, jsonlines, leveled, logfmt, slowlog, syslog
from pake_tui.records.aliases import CORRELATION_IDS, id_of, is_alias
from pake_tui.records.draft import Draft, fields_message
from pake_tui.records.envelope import Envelope, clean, open_envelope
from pake_tui.records.headerpatterns import KEYED_ID
from pake_tui.records.levels import Scale, of_number, of_word
from pake_tui.records.profile import Profile, profile_of
from pake_tui.records.stacks import continues_dump, is_frame
from pake_tui.records.timestamps import Clock
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.own import NOTHING, Own

MAX_RECORD_LINES = 5_000
MAX_RECORD_CHARACTERS = 1_048_576
MOST_NAMED = 400
"""Characters of a message in which `request_id=…` is looked for."""
_WHOLE_LINES = frozenset({"json", "logfmt", "access", "w3c", "syslog"})
"""Families whose records are one line each, so that a plain line below them is a record of its own."""
_TAGGED = re.compile(r"\[([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\] ?")
"""Rails' tag of a request, in front of the message."""
_PRIORITY = re.compile(r"<\d{1,3}>(?=[a-z]{2,20}=)")
_CISCO = re.compile(r"%[A-Z][A-Z0-9_]{1,40}(?:-[A-Z0-9_]{1,20})?-([0-7])-[A-Z0-9_]{1,40}: ")
_CATEGORY = re.compile(r"[A-Za-z_][\w.`<>+]{0,200}\[\d{1,9}\]")
_SECOND_LEVEL = re.compile(r"([A-Z]{4,10}): ")


class Parser:
    """How one file is read. `format` names its family; no method raises, whatever the text."""

    def __init__(
        self,
        sample_lines: Sequence[str],
        *,
        assumed_zone: tzinfo = UTC,
        aliases: Sequence[str] = CORRELATION_IDS,
        now_ns: int,
        service: str = "",
        formats: Sequence[custom.Format] = (),
        own: Own = NOTHING,
    ) -> None:
        self._own = own
        self._formats = tuple(formats)
        self._profile: Profile = profile_of(sample_lines, now_ns)
        self._clock = Clock(assumed_zone, now_ns, self._profile.day_first)
        self._aliases = tuple(aliases)
        self._service = service or None
        self._extended = access.Extended()
        for line in sample_lines[:200]:
            self._extended.directive(clean(line)[:4096])
        self.format: str = self._profile.format
        for one in self._formats:
            fits = sum(custom.parse(clean(line), (one,), self._clock) is not None for line in sample_lines)
            if fits * 2 > len(sample_lines):
                self.format = one.name

    @property
    def profile(self) -> Profile:
        """What the first lines told."""
        return self._profile

    def notes(self) -> list[str]:
        """What is read in a way of this file's own, and which format of the user's is in force, in words."""
        profile = self._profile
        return [
            *(f"a format of your own: {one.name}" for one in self._formats if one.name == self.format),
            *(["lines begin with a service's name, as Docker Compose prints it"] if profile.compose else []),
            *(["times stand inside the lines"] if profile.inside else []),
            *(["lines begin with a level"] if profile.level_first else []),
            *(["days come before months"] if profile.day_first else []),
            *([f"columns by #Fields: {', '.join(self._extended.names[:8])}"] if self._extended.names else []),
            *([] if profile.timed else ["most lines state no time"]),
            f"times without a zone are read as {self._clock.zone}",
        ]

    @property
    def unframed(self) -> bool:
        """Whether a line can be read by itself: nothing that stood before says what its columns are, and no
        service's name begins it.
        """
        return not (self._profile.compose or self._extended.names or self._formats)

    def starts_record(self, line: str, before: Sequence[str] = ()) -> bool:
        """Whether a physical line begins a record; False for a continuation or a blank line.

        `before` is the record so far, where it is known: with it a traceback's last line is told apart
        from a line of its own, and a plain line behind a complete JSON object begins a record.
        """
        text = clean(line[:MAX_RECORD_CHARACTERS])
        if not text.strip():
            return False
        envelope = open_envelope(text, self._clock, self._profile.compose)
        if envelope.stamp is not None:
            return True
        payload = envelope.payload
        if not payload.strip():
            return False
        if payload[0] in " \t" and self._profile.timed and not self._profile.indented:
            return False
        if (begins := slowlog.starts_entry(payload, before)) is not None:
            return begins
        if self._structured(payload, before):
            return True
        if is_frame(payload) or continues_dump(payload, before):
            return False
        headed = self._profile.timed or self._profile.level_first
        return not headed or (self._complete(clean(before[0])) if before else self.format in _WHOLE_LINES)

    def _structured(self, payload: str, before: Sequence[str]) -> bool:
        if self._formats and custom.parse(payload, self._formats, self._clock):
            return True
        if payload[0] == "{":
            if self.format == "leveled" and not (before and self._complete(clean(before[0]))):
                # A body below the line that announces it, or a term of Erlang's.
                document = jsonlines.load(payload) if '":' in payload else None
                return document is not None and (
                    jsonkeys.time_of(document, self._clock) is not None
                    or jsonkeys.level_of(document) is not None
                )
            return payload.rstrip().endswith("}") or '":' in payload or payload.rstrip() == "{"
        if payload[0] == "#" and (self._extended.names or self.format == "w3c"):
            return True
        return self._leading_time(payload) is not None or self._read(Envelope(payload)) is not None

    def _leading_time(self, payload: str) -> int | None:
        """The time a payload begins with, bare or bracketed."""
        read = self._clock.match(payload, 1 if payload[0] == "[" else 0)
        return read[0].ns if read else None

    def _complete(self, first: str) -> bool:
        """Whether a record's first line is whole by itself, so that a plain line cannot belong to it."""
        payload = open_envelope(first, self._clock, self._profile.compose).payload
        if payload.startswith("{"):
            return payload.rstrip().endswith("}")
        draft = self._read(Envelope(payload)) if payload else None
        return draft is not None and draft.format in _WHOLE_LINES

    def _read(self, envelope: Envelope) -> Draft | None:
        """The first family that understands a payload's first line; None for a plain line."""
        text, clock, profile = envelope.payload, self._clock, self._profile
        if text[:1] == "<" and (priority := _PRIORITY.match(text)):
            text = text[priority.end() :]  # Fortinet's pairs behind a syslog priority
        draft = syslog.parse(text, clock)
        if draft is not None:
            draft = self._unwrap(draft)
            self._identify(draft)
            return _graded(draft)
        if self._extended.names and (draft := self._extended.parse(text, clock)):
            return draft
        draft = slowlog.parse(text, clock)
        if draft is None and "\t" in text:
            draft = logfmt.parse(text, clock, self._aliases)
        draft = draft or access.parse(text, clock) or logfmt.parse(text, clock, self._aliases)
        if draft is None:
            draft = leveled.parse(
                text, clock, level_first=profile.level_first and not envelope.contained, loose=profile.loose
            )
        if draft is None and profile.inside:
            draft = leveled.parse_inside(text, clock)
        if draft is not None and envelope.contained and draft.format in ("access", "redis"):
            return None
        if draft is not None and draft.format in ("leveled", "access"):
            self._identify(draft)
        return _graded(draft) if draft is not None else None

    def _identify(self, draft: Draft) -> None:
        """Take an ID that the message names, or structured data does, where no other is known."""
        if draft.correlation_id is not None:
            return
        message = draft.message or ""
        named = KEYED_ID.search(message, 0, MOST_NAMED) if "id" in message[:MOST_NAMED].lower() else None
        tagged = _TAGGED.match(message)
        draft.correlation_id = id_of(named[1]) if named else tagged[1] if tagged else None
        if draft.correlation_id is None and draft.format == "syslog":
            inner = (
                value for name, value in draft.fields.items() if "." in name and is_alias(name, self._aliases)
            )
            draft.correlation_id = next(filter(None, map(id_of, inner)), None)

    def _unwrap(self, draft: Draft) -> Draft:
        """A syslog payload that is itself JSON or logfmt gives its level, message and fields."""
        payload = (draft.message or "").strip()
        inner: Draft | None = None
        if payload.startswith("{") and (document := jsonlines.load(payload)):
            inner = jsonlines.draft_of(document, self._clock, self._aliases)
        elif logfmt.looks_like(payload):
            inner = logfmt.parse(payload, self._clock, self._aliases)
            inner = inner if inner and inner.message and inner.level is not None else None
        if inner is not None:
            draft.message = inner.message if inner.message is not None else draft.message
            draft.level = inner.level if inner.level is not None else draft.level
            draft.logger = inner.logger or draft.logger
            draft.correlation_id = inner.correlation_id
            draft.fields.update(inner.fields)
            if inner.stamp is not None and draft.stamp is not None and draft.stamp.offset is None:
                draft.stamp = inner.stamp
        return draft

    def _json(self, text: str) -> list[Draft]:
        document = jsonlines.load(text) or jsonlines.salvage(text)
        if document is None:
            return []
        if jsonlines.is_docker(document) and isinstance(document["log"], str):
            return self._docker(document)
        return jsonlines.drafts_of(document, self._clock, self._aliases)

    def _docker(self, document: dict[str, object]) -> list[Draft]:
        stamp = self._clock.value(document["time"])
        inner = Envelope(clean(str(document["log"])), stamp, contained=True)
        drafts = self._drafts(inner, inner.payload)
        for draft in drafts:
            draft.stamp = stamp or draft.stamp
            draft.fields.setdefault("stream", document["stream"])
        return drafts

    def _drafts(self, envelope: Envelope, whole: str) -> list[Draft]:
        """The drafts of one payload; `whole` is it with its continuation lines."""
        payload = envelope.payload
        if self._formats and (own := custom.parse(payload, self._formats, self._clock)):
            if rest := whole[len(payload) :]:
                own.message = f"{own.message or ''}{rest}"
            return [own]
        if payload.lstrip().startswith("{") and (drafts := self._json(whole)):
            return drafts
        draft = self._read(envelope)
        if draft is None:
            return [Draft("plain", whole)]
        if draft.format == slowlog.FORMAT:
            slowlog.complete(draft, whole.split("\n"))
        elif rest := whole[len(payload) :]:
            self._continue(draft, rest)
        return [draft]

    @staticmethod
    def _continue(draft: Draft, rest: str) -> None:
        """Joins the lines below the first; java.util.logging and .NET put level or message only there."""
        below = rest.lstrip("\n")
        if draft.level is not None and _CATEGORY.fullmatch(draft.message or ""):
            draft.logger, draft.message = (draft.message or "").partition("[")[0], dedent(below)
        elif not draft.message:
            draft.message = below
        elif draft.level is None and (found := _SECOND_LEVEL.match(below)) and of_word(found[1]) is not None:
            draft.level = of_word(found[1])
            draft.logger = draft.logger or draft.message
            draft.message = below[found.end() :]
        else:
            draft.message = f"{draft.message or ''}{rest}"

    def _understand(self, lines: Sequence[str]) -> tuple[str, list[Draft]]:
        cleaned = [clean(line) for line in lines[:MAX_RECORD_LINES]]
        while cleaned and not cleaned[-1].strip():
            cleaned.pop()
        if not cleaned:
            return "", []
        text = "\n".join(cleaned)[:MAX_RECORD_CHARACTERS]
        first = text.partition("\n")[0]
        if self._extended.directive(first):
            return text, []
        envelope = open_envelope(first, self._clock, self._profile.compose)
        whole = envelope.payload + text[len(first) :]
        drafts = self._drafts(envelope, whole)
        for draft in drafts:
            draft.stamp = envelope.stamp or draft.stamp
            draft.service = draft.service or envelope.service
            for name, value in envelope.fields.items():
                draft.fields.setdefault(name, value)
        return text, drafts

    def parse(self, lines: Sequence[str]) -> list[Record]:
        """The records in one record's physical lines: one, several (OTLP), or none (blank, directives)."""
        text, drafts = self._understand(lines)
        masked = mask_text(text, self._own) if drafts else ""
        # What escapes nothing holds its values as they are: where nothing was masked in the whole line,
        # only keys can still tell of a secret in them, and patterns that begin or end with a value.
        shapes = masked is not text or "\\" in text or bool(self._own.patterns)
        skipped = ""
        if len(lines) > MAX_RECORD_LINES:
            skipped = f"{len(lines) - MAX_RECORD_LINES} lines of this record are not shown"
        return [self._record(draft, masked, skipped, shapes) for draft in drafts]

    def outline(self, lines: Sequence[str]) -> list[Draft]:
        """The records of `parse` before masking, for what needs no text of them; nothing of it is shown."""
        return self._understand(lines)[1]

    def _record(self, draft: Draft, text: str, skipped: str, shapes: bool) -> Record:
        fields = mask_fields(draft.fields, by_shape=shapes, own=self._own) if draft.fields else {}
        message, service, logger = draft.message, draft.service or self._service, draft.logger
        if message is None:
            message = fields_message(fields)
        elif shapes:
            message = mask_text(message, self._own)
        stamp = draft.stamp
        return Record(
            message=message,
            text=text,
            time_ns=stamp.ns if stamp else None,
            utc_offset_s=stamp.offset if stamp else None,
            year_assumed=stamp.year_assumed if stamp else False,
            level=draft.level,
            service=mask_text(service, self._own) if service and shapes else service,
            logger=mask_text(logger, self._own) if logger and shapes else logger,
            correlation_id=draft.correlation_id,
            fields=fields,
            format=draft.format,
            skipped=skipped,
        )

    def time_of(self, line: str) -> int | None:
        """UTC nanoseconds of the record that begins in this line, None if it states none."""
        text = clean(line[:MAX_RECORD_CHARACTERS])
        envelope = open_envelope(text, self._clock, self._profile.compose)
        if envelope.stamp is not None:
            return envelope.stamp.ns
        payload = envelope.payload
        if self._formats and (own := custom.parse(payload, self._formats, self._clock)):
            return own.stamp.ns if own.stamp else None
        if payload.startswith("{"):
            document = jsonlines.load(payload) or jsonlines.salvage(payload)
            if document is not None and "resourceLogs" not in document:
                found = jsonkeys.time_of(document, self._clock)
                return found[1].ns if found else None
        elif payload and self.format == "leveled" and (quick := self._leading_time(payload)) is not None:
            return quick
        _, drafts = self._understand((line,))
        return drafts[0].stamp.ns if drafts and drafts[0].stamp else None


def _graded(draft: Draft) -> Draft:
    """With the level that a network device writes into its message, where nothing else told one."""
    message = draft.message or ""
    if draft.level is None and "%" in message[:200] and (found := _CISCO.search(message, 0, 200)):
        draft.level = of_number(int(found[1]), Scale.SYSLOG)
    return draft
