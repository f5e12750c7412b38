"""Syslog: RFC 3164 (no year), RFC 5424 with structured data, and the ISO times modern daemons write."""

from __future__ import annotations

import re

from pake_tui.records.draft import Draft
from pake_tui.records.levels import Scale, of_number, of_word
from pake_tui.records.timestamps import Clock, Stamp
from pake_tui.text.late import late

_PRI = late(r"<(\d{1,3})>")
_5424 = late(r"1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,128}) ?")
_HOST_TAG = late(
    r"[ ](?P<host>[A-Za-z0-9_\[][\w.:\-%\[\]]{0,254}) "
    r"(?:(?P<word>emerg|alert|crit|err|error|warning|notice|info|debug) )?"
    r"(?P<tag>[^\s\[\]:]{1,64}(?:(?: [A-Z][^\s\[\]:]{0,30}){1,3}(?=\[\d))?)(?:\[(?P<pid>[^\]\s]{1,32})\])?"
    r"(?: \([\w.\-]{1,128}\))?:(?: |$|(?=\d\|))"
)
_TAG_ONLY = late(r"[ ](?P<host>)(?P<word>)(?P<tag>[^\s\[\]:]{1,64})(?:\[(?P<pid>[^\]\s]{1,32})\])?:(?: |$)")
_OWN_WORDS = late(
    r" (?P<host>[\w.\-]{1,255}) (?P<tag>syslogd)(?P<word>)(?P<pid>) [\d.]{1,12}(?:#\d{1,4})?: "
    r"|(?: (?P<only>[\w.\-]{1,255}))? (?:--- )?(?=last message repeated \d)"
)
"""What syslogd itself says, where no program stands: its start, and repeated lines."""
_MONTH_START = late(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ")
_ISO_START = late(r"\d{4}-\d\d-\d\dT")
_SD = late(r'\[([^\s="\]]{1,64})((?: [^\s="\]]{1,64}="(?:[^"\\\]]|\\.)*+")*+)\]')
_SD_PAIR = late(r' ([^\s="\]]{1,64})="((?:[^"\\\]]|\\.)*+)"')


def _priority(draft: Draft, number: int) -> None:
    draft.level = of_number(number & 7, Scale.SYSLOG)
    draft.fields["facility"] = number >> 3
    draft.fields["severity"] = number & 7


def _structured(text: str) -> tuple[dict[str, object], str]:
    """The structured data at the start of a text, flattened, and what follows it."""
    fields: dict[str, object] = {}
    if text.startswith("-"):
        return fields, text[1:].removeprefix(" ")
    at = 0
    while found := _SD.match(text, at):
        for pair in _SD_PAIR.finditer(found[2]):
            fields[f"{found[1]}.{pair[1]}"] = re.sub(r'\\(["\\\]])', r"\1", pair[2])
        at = found.end()
    return fields, text[at:].removeprefix(" ")


def _rfc5424(text: str, at: int, clock: Clock, draft: Draft) -> Draft | None:
    found = _5424.match(text, at)
    if not found:
        return None
    time, host, app, process, message_id = found.groups()
    if time != "-":
        read = clock.match(time)
        if read is None:
            return None
        draft.stamp = read[0]
    fields, message = _structured(text[found.end() :])
    draft.format, draft.message = "syslog", message.removeprefix("\ufeff")
    draft.service = None if app == "-" else app
    for name, value in (("host", host), ("pid", process), ("message_id", message_id)):
        if value != "-":
            draft.fields[name] = value
    draft.fields.update(fields)
    return draft


def _is_daemon(tagged: re.Match[str], stamp: Stamp) -> bool:
    """Whether what follows an ISO time is surely a host and a program, not two words of another format."""
    if tagged["pid"]:
        return tagged["pid"].isdigit()
    return stamp.offset is not None and of_word(tagged["tag"]) is None and tagged["tag"][0].isalpha()


def parse(text: str, clock: Clock) -> Draft | None:
    """The line as a draft, its payload as message; None where it has no syslog header."""
    draft = Draft("syslog")
    at = 0
    if text.startswith("<") and (found := _PRI.match(text)) and int(found[1]) <= 191:
        at = found.end()
        _priority(draft, int(found[1]))
        if text[at : at + 2] == "1 ":
            return _rfc5424(text, at, clock, draft)
    month = _MONTH_START.match(text, at)
    if not month and not _ISO_START.match(text, at):
        return None
    read = clock.match(text, at)
    if read is None:
        return None
    draft.stamp, end = read
    tagged = _HOST_TAG.match(text, end)
    if tagged and (
        of_word(tagged["host"].strip("[]<>():")) is not None
        or (not month and not at and not _is_daemon(tagged, read[0]))
    ):
        tagged = None
    if tagged and not tagged["pid"] and tagged["host"][-1] == ":" and of_word(tagged["tag"]) is not None:
        return None  # `imap-login: Info: …`: a name and a level
    if not tagged:
        alone = _TAG_ONLY.match(text, end)
        numbered = alone is not None and alone["pid"] and of_word(alone["tag"]) is None
        tagged = alone if at or (numbered and (month or read[0].offset is not None)) else None
    if not tagged and month and (own := _OWN_WORDS.match(text, end)):
        draft.message, draft.service = text[own.end() :], own["tag"]
        if host := own["host"] or own["only"]:
            draft.fields["host"] = host
        return draft
    if not tagged:
        if not at:
            return None
        draft.message = text[end:].strip()
        return draft
    if tagged["tag"] in ("CEF", "LEEF"):
        draft.message = text[tagged.start("tag") :]
    else:
        draft.message, draft.service = text[tagged.end() :], tagged["tag"]
    if draft.level is None and tagged["word"]:
        draft.level = of_word(tagged["word"])
    for name in ("host", "pid"):
        if tagged[name]:
            draft.fields[name] = tagged[name]
    return draft
