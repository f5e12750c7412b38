"""Headers written tight: glog and klog, Android's logcat, Redis, the kernel's ring buffer, zap's console,
Erlang's reports, npm's debug log, Zabbix, what AWS Lambda says of a call.
"""

from __future__ import annotations

import re

from pake_tui.model.record import Level
from pake_tui.records.draft import Draft
from pake_tui.records.header import Header
from pake_tui.records.headerpatterns import REQUEST_ID
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock
from pake_tui.text.late import late

_GLOG = late(
    r"([IWEFD])(\d\d|\d{4})?(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{1,9})\s{1,12}"
    r"(\d{1,12}) ([\w./\-]{1,200}:\d{1,7})"
    r"(?:\] ?| (?:\u22ee )?\s?\[[^\]]{0,80}\] (?:\d{1,9} )?[ ]{0,4})"
)
"""Also with a year, as glog 0.5 and CockroachDB write it, the latter with marks before the message."""
_LOGCAT = late(r"\s{1,8}(\d{1,9})\s{1,8}(\d{1,9}) ([VDIWEFA]) (.{1,80}?)\s{0,40}: ?")
_BRIEF = late(r"([VDIWEFA])/(.{1,80}?)\(\s{0,6}(\d{1,9})\): ?")
_REDIS = late(r"(?:(\d{1,9}):([XCSM])|\[(\d{1,9})\]) ")
_REDIS_MARK = late(r" ([.\-*#]) ")
_REDIS_LEVELS = {".": Level.DEBUG, "-": Level.INFO, "*": Level.INFO, "#": Level.WARNING}
_CSV_TIME = late(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?=[A-Z+\-\d]{3,5},)")
_CSV = late(
    r"[A-Z+\-\d]{3,5},(?:(?:[^,\"]{0,80}|\"(?:[^\"]|\"\"){0,300}\"),){10}(?P<level>[A-Z]{3,10}\d?),"
    r"(?P<code>\w{5}),\"(?P<message>(?:[^\"]|\"\")*)"
)
_REPORT = late(
    r"=([A-Z]{3,12}) REPORT={2,4} (\d{1,2}-[A-Z][a-z]{2}-\d{4})::(\d\d:\d\d:\d\d(?:\.\d{1,6})?) ===$"
)
_REPORT_LEVELS = {"SUPERVISOR": Level.ERROR, "CRASH": Level.ERROR, "PROGRESS": Level.INFO}
_NPM = late(r"\d{1,6} (?:(silly|verbose|timing|http)|(info|notice)|(warn)|(error)) ")
_NPM_LEVELS = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
_KERNEL = late(r"\[[ ]{0,8}(\d{1,8}\.\d{6})\] ")
_ZABBIX = late(r"\s{0,8}(\d{1,9}):(\d{8}):(\d{6}\.\d{3}) ")
_INVOCATION = late(rf"(?:INIT_START|START|END|REPORT) RequestId: ({REQUEST_ID.pattern})(?=\s|$)")
_PHP = late(r"PHP (?:(Fatal error|Parse error)|(Warning)|(Notice|Deprecated)|\w+ error):")


def glog(text: str, clock: Clock) -> Draft | None:
    """`I0102 03:04:05.678901   123 file.cc:45] message`."""
    found = _GLOG.match(text)
    if not found:
        return None
    letter, year, month, day, time, thread, source = found.groups()
    date = f"20{year[-2:]}-{month}-{day}" if year else f"{month}-{day}"
    read = clock.match(f"{date} {time}")
    draft = Draft("glog", text[found.end() :], read[0] if read else None, of_word(letter))
    draft.fields.update(thread=thread, source=source)
    return draft


def logcat(text: str, clock: Clock) -> Draft | None:
    """`01-02 03:04:05.678  123  456 I Tag: message`, or brief: `I/Tag( 12): message`."""
    if text[1:2] == "/" and (brief := _BRIEF.match(text)):
        return _brief(text, brief)
    if text[2:3] != "-" and text[4:5] != "-":
        return None
    read = clock.match(text)
    if read and text[read[1] + 2 : read[1] + 3] == "/" and (brief := _BRIEF.match(text, read[1] + 1)):
        draft = _brief(text, brief)
        draft.stamp = read[0]
        return draft
    if not read or not (found := _LOGCAT.match(text, read[1])):
        return None
    draft = Draft("logcat", text[found.end() :], read[0], of_word(found[3]), logger=found[4].strip())
    draft.fields.update(pid=found[1], tid=found[2])
    return draft


def _brief(text: str, found: re.Match[str]) -> Draft:
    draft = Draft("logcat", text[found.end() :], None, of_word(found[1]), logger=found[2].strip())
    draft.fields["pid"] = found[3]
    return draft


def redis(text: str, clock: Clock) -> Draft | None:
    """`1:M 02 Jan 2024 03:04:05.678 * message`, or `[1] 02 Jan 03:04:05.678 * message` before 3.0."""
    start = _REDIS.match(text)
    read = clock.match(text, start.end()) if start else None
    mark = _REDIS_MARK.match(text, read[1]) if read else None
    if not start or not read or not mark:
        return None
    draft = Draft("redis", text[mark.end() :], read[0], _REDIS_LEVELS[mark[1]])
    draft.fields.update({"pid": start[1], "role": start[2]} if start[1] else {"pid": start[3]})
    return draft


def csvlog(text: str, clock: Clock) -> Draft | None:
    """PostgreSQL's csvlog: time, ten columns, severity, SQLSTATE and message (its manual, 20.8.4)."""
    start = _CSV_TIME.match(text)
    read = clock.match(text) if start else None
    found = _CSV.match(text, start.end()) if start and read else None
    if not found or not read:
        return None
    draft = Draft("csvlog", found["message"].replace('""', '"'), read[0], of_word(found["level"]))
    draft.fields["sqlstate"] = found["code"]
    return draft


def report(text: str, clock: Clock) -> Draft | None:
    """`=ERROR REPORT==== 4-Mar-2025::10:11:12 ===`, as Erlang's SASL writes it; the message is below."""
    found = _REPORT.match(text) if text.startswith("=") else None
    read = clock.match(f"{found[2]} {found[3]}") if found else None
    if not found or not read:
        return None
    return Draft("report", "", read[0], _REPORT_LEVELS.get(found[1]) or of_word(found[1]))


def npm(text: str) -> Draft | None:
    """`12 verbose stack Error: …`, lines counted, no time: npm's `_logs/*-debug-0.log`."""
    found = _NPM.match(text)
    if not found or not found.lastindex:
        return None
    return Draft("npm", text[found.end() :], None, _NPM_LEVELS[found.lastindex - 1])


def zabbix(text: str, clock: Clock) -> Draft | None:
    """`  1234:20250304:101112.123 message`, a process, a date and a time."""
    found = _ZABBIX.match(text)
    read = clock.match(f"{found[2]}T{found[3]}") if found else None
    if not found or not read:
        return None
    return Draft("zabbix", text[found.end() :], read[0], fields={"pid": found[1]})


def invocation(text: str) -> Draft | None:
    """`REPORT RequestId: …`, what AWS Lambda itself says of one call, without a time."""
    found = _INVOCATION.match(text)
    return Draft("lambda", text, correlation_id=found[1]) if found else None


def kernel(text: str) -> Draft | None:
    """`[   12.345678] message`: seconds since boot, so no time of day."""
    found = _KERNEL.match(text)
    return Draft("kernel", text[found.end() :], fields={"uptime_s": float(found[1])}) if found else None


def php_level(message: str) -> Level | None:
    """The level that PHP's error log writes into its message."""
    found = _PHP.match(message)
    if not found:
        return None
    return Level.WARNING if found[2] else Level.INFO if found[3] else Level.ERROR


def tabbed(header: Header) -> None:
    """Zap's console: tabs between time, level, logger, caller, message and a JSON object."""
    parts = header.text[header.at :].lstrip("\t").removeprefix(" ").split("\t")
    while (
        len(parts) > 1
        and not parts[1].startswith("{")
        and len(parts[0]) < 120
        and " " not in parts[0].strip()
    ):
        name = parts.pop(0).strip()
        if REQUEST_ID.fullmatch(name):
            header.draft.correlation_id = header.draft.correlation_id or name
        elif ":" in name or header.draft.logger:
            header.field("caller", name)
        else:
            header.draft.logger = name
    header.draft.message = "\t".join(parts)


def colons(header: Header) -> None:
    """`::module::line::logger::(function) message`."""
    rest = header.text[header.at + 2 :]
    if found := re.search(r"(?:^|::)\(([\w.<>]{1,80})\) ", rest[:400]):
        header.field("function", found[1])
        parts, header.draft.message = rest[: found.start()].split("::"), rest[found.end() :]
    else:
        *parts, header.draft.message = rest.split("::")
    if parts and parts[-1]:
        header.draft.logger = parts[-1]
