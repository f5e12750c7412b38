"""Lines of programs that write like nobody else: supercomputers, WebSphere, Proxifier, HealthApp, Xorg."""

from __future__ import annotations

from pake_tui.model.record import Level
from pake_tui.records.draft import Draft
from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock
from pake_tui.text.late import late

_CLUSTER = late(r"(?:-|[A-Z_]{3,16}) (\d{10}) \d{4}\.\d\d\.\d\d (\S{1,64}) ")
_BLUE_GENE = late(
    r"(\d{4})-(\d\d)-(\d\d)-(\d\d)\.(\d\d)\.(\d\d\.\d{6}) \S{1,64} ([A-Z]{1,16}) ([A-Z]{1,16}) ([A-Z]{1,10}) "
)
_NODE = late(
    r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,128} ([^\s\[\]:()]{1,64})"
    r"(?:\([\w.\-]{1,64}\))?(?:\[(\d{1,9})\])?: "
)
_PROXIFIER = late(r"\[(\d\d)\.(\d\d) (\d\d:\d\d:\d\d)\] (.{1,120}?)(?: \*64)? - ")
_HEALTH = late(r"\|(\w{1,80})\|(\d{1,12})\|")
_WEBSPHERE = late(r"\] ([0-9a-f]{8}) (\S{1,64}) {1,30}([FEWAICDORZ]) {1,8}")
_WEBSPHERE_LEVELS = {
    "F": Level.CRITICAL, "E": Level.ERROR, "R": Level.ERROR, "W": Level.WARNING, "A": Level.INFO,
    "I": Level.INFO, "C": Level.DEBUG, "D": Level.DEBUG, "O": Level.INFO, "Z": None,
}  # fmt: skip
_XORG = late(r"\[ {0,8}(\d{1,8}\.\d{3})\] \((II|WW|EE|==|--|\*\*|!!|\+\+|NI|\?\?)\) ")
_DMESG = late(
    r"(\w{2,10}) {0,6}:(emerg|alert|crit|err|warn|notice|info|debug) {0,6}: \[ {0,8}(\d{1,8}\.\d{6})\] "
)


def parse(text: str, clock: Clock) -> Draft | None:
    """The line as a draft, told by its first signs; None for any other."""
    sign, second = text[:1], text[1:2]
    if sign == "[":
        if text[3:4] == "." and text[6:7] == " ":
            return _proxifier(text, clock)
        if "] 0" in text[16:48]:
            return _websphere(text, clock)
        return _xorg(text) if ") " in text[12:24] else None
    if sign == "-" or (second.isupper() and sign.isupper()):
        return _cluster(text, clock)
    if second.isdigit() and text[8:9] == "-" and "|" in text[14:30]:
        return _health(text, clock)
    return _dmesg(text) if ":" in text[3:11] and ": [" in text[10:26] else None


def _cluster(text: str, clock: Clock) -> Draft | None:
    """Blue Gene/L and Thunderbird as the CFDR publishes them: label, epoch, date, node, the node's line."""
    start = _CLUSTER.match(text)
    read = clock.match(text, start.start(1)) if start else None
    if not start or not read:
        return None
    draft = Draft("cluster", stamp=read[0], fields={"host": start[2]})
    if found := _BLUE_GENE.match(text, start.end()):
        year, month, day, hour, minute, second, kind, component, level = found.groups()
        exact = clock.match(f"{year}-{month}-{day} {hour}:{minute}:{second}")
        draft.stamp, draft.level, draft.logger = exact[0] if exact else read[0], of_word(level), component
        draft.fields["type"] = kind
    elif found := _NODE.match(text, start.end()):
        draft.service = found[1]
        if found[2]:
            draft.fields["pid"] = found[2]
    else:
        return None
    draft.message = text[found.end() :]
    return draft


def _proxifier(text: str, clock: Clock) -> Draft | None:
    found = _PROXIFIER.match(text)
    read = clock.match(f"{found[1]}-{found[2]} {found[3]}") if found else None
    if not found or not read:
        return None
    return Draft("proxifier", text[found.end() :], read[0], service=found[4])


def _health(text: str, clock: Clock) -> Draft | None:
    read = clock.match(text)
    found = _HEALTH.match(text, read[1]) if read else None
    if not found or not read:
        return None
    return Draft("healthapp", text[found.end() :], read[0], logger=found[1], fields={"pid": found[2]})


def _websphere(text: str, clock: Clock) -> Draft | None:
    """`[5/6/23 7:08:09:123 CEST] 00000001 Component  A   message` (IBM's "basic" format)."""
    read = clock.match(text, 1)
    found = _WEBSPHERE.search(text, read[1], read[1] + 140) if read else None
    if not found or not read:
        return None
    draft = Draft("websphere", text[found.end() :], read[0], _WEBSPHERE_LEVELS[found[3]], logger=found[2])
    draft.fields["thread"] = found[1]
    return draft


def _xorg(text: str) -> Draft | None:
    found = _XORG.match(text)
    if not found:
        return None
    level = {"EE": Level.ERROR, "WW": Level.WARNING}.get(found[2], Level.INFO)
    return Draft("xorg", text[found.end() :], None, level, fields={"uptime_s": float(found[1])})


def _dmesg(text: str) -> Draft | None:
    """`dmesg -x`: facility and level before the kernel's own stamp."""
    found = _DMESG.match(text)
    if not found:
        return None
    fields: dict[str, object] = {"facility": found[1], "uptime_s": float(found[3])}
    return Draft("kernel", text[found.end() :], None, of_word(found[2]), fields=fields)
