"""Access logs: common, combined and kin, load balancers, W3C extended with `#Fields`. They state no level."""

from __future__ import annotations

import re

from pake_tui.records.draft import Draft
from pake_tui.records.timestamps import Clock
from pake_tui.text.late import late

_METHODS = "GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND|REPORT|MKCOL|PRI|PURGE"
_BRACKETED = late(r"[^\[\"{]{0,400}\[(?=\d{1,2}/[A-Z][a-z]{2}/\d{4}(?::| [^\]]{8,20}\] \"))")
_REQUEST = late(
    r'"(?P<method>[A-Z]{3,16}) (?P<path>\S{0,8192}?)(?: (?P<protocol>[A-Z]{2,5}/[\d.]{1,5}))?"(?: |$)'
)
_AFTER = late(r"(?P<status>\d{3}|-)(?: (?P<bytes>\d{1,18}|-))?")
_COMBINED = late(r' "(?P<referer>(?:[^"\\]|\\.)*+)" "(?P<agent>(?:[^"\\]|\\.)*+)"')
_ALB = late(
    r"(?P<type>https?|h2|wss?|grpcs?|tcp|tls) (?P<time>\d{4}-\d\d-\d\dT\S{1,32}) (?P<balancer>\S{1,256}) "
    r"(?P<client>\S{1,64}) (?P<target>\S{1,64}) "
)
_ELB = late(
    r"(?P<time>\d{4}-\d\d-\d\dT\S{1,32}) (?P<balancer>\S{1,256}) (?P<client>[\d.a-f:]{3,45}:\d{1,5}) "
)
_TRACE = late(r'"(Root=[\w\-;=]{1,128}|Self=[\w\-;=]{1,256})"')
_REQUEST_ID = late(
    r"[\" ]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})(?=[\" ]|$)"
)
"""What stands alone behind the request and is an ID: Envoy's `x-request-id`, nginx's `$request_id`."""
_ENVOY = late(r'\[(?P<time>\d{4}-\d\d-\d\dT[^\]]{1,32})\] (?=")')
_SQUID = late(
    r"(?P<time>\d{9,10}\.\d{3})\s{1,8}(?P<elapsed>\d{1,9}) (?P<client>\S{1,64}) "
    r"(?P<code>[A-Z_]{3,40})/(?P<status>\d{3}) "
)
_HOSTS = late(
    r"(?:(?P<vhost>[\w.\-]{1,253}:\d{1,5}) )?"
    r"(?P<client>[\w.:\-%\[\]]{1,253}) (?P<ident>\S{1,64}) (?P<user>\S{1,128}) $"
)
_DIRECTIVES = frozenset(
    ("Fields", "Date", "Software", "Version", "Start-Date", "End-Date", "Remark", "GMT-Offset")
)
_ZEEK = frozenset(
    ("separator", "set_separator", "empty_field", "unset_field", "path", "open", "close", "types")
)
_NUMERIC = frozenset({"status", "bytes", "elapsed"})


def _add(fields: dict[str, object], found: re.Match[str] | None, skip: tuple[str, ...] = ()) -> None:
    if found is None:
        return
    for name, value in found.groupdict().items():
        if value and value != "-" and name not in skip:
            fields[name] = int(value) if name in _NUMERIC and value.isdigit() else value


def _request(draft: Draft, text: str, start: int) -> bool:
    """Reads the quoted request from a place on; False if there is none."""
    at = text.find('"', start)
    while at >= 0:
        if found := _REQUEST.match(text, at):
            _add(draft.fields, found)
            if after := _AFTER.match(text, found.end()):
                _add(draft.fields, after)
                _add(draft.fields, _COMBINED.match(text, after.end()))
            draft.message = text[at:]
            if identifier := _REQUEST_ID.search(text, found.end()):
                draft.correlation_id = identifier[1]
            return True
        at = text.find('"', at + 1)
    return False


def _balancer(text: str, clock: Clock) -> Draft | None:
    found = _ALB.match(text) or _ELB.match(text)
    read = clock.match(found["time"]) if found else None
    if not found or not read:
        return None
    draft = Draft("access", stamp=read[0], service=found["balancer"])
    _add(draft.fields, found, ("time", "balancer"))
    if not _request(draft, text, found.end()) or draft.message is None:
        return None
    draft.message = draft.message[1 : draft.message.find('"', 1)]
    numbers = text[found.end() :].split(" ", 5)
    if len(numbers) > 4 and numbers[3].isdigit():
        draft.fields["status"] = int(numbers[3])
    if trace := _TRACE.search(text, found.end()):
        draft.correlation_id = trace[1]
        draft.fields["trace_id"] = trace[1]
    return draft


def parse(text: str, clock: Clock) -> Draft | None:
    """The line as a draft whose message begins with the request; None for other lines."""
    if found := _BRACKETED.match(text):
        read = clock.match(text, found.end())
        if read is None or text[1:3] == " [":  # `E [06/May/2023:…`, as CUPS writes its errors
            return None
        if found.end() > 1 and clock.match(text, 1 if text[0] == "[" else 0):
            return None  # a logger's line about a request
        draft = Draft("access", stamp=read[0])
        _add(draft.fields, _HOSTS.match(text[: found.end() - 1]))
        rest = text[read[1] :].lstrip("] ")
        if not _request(draft, text, read[1]) or not rest.startswith('"'):
            draft.message = rest
        return draft
    if (draft_or_none := _balancer(text, clock)) is not None:
        return draft_or_none
    for pattern in (_ENVOY, _SQUID):
        if found := pattern.match(text):
            read = clock.match(found["time"])
            draft = Draft("access", stamp=read[0] if read else None)
            _add(draft.fields, found, ("time",))
            if pattern is _SQUID:
                draft.message = text[len(found["time"]) :].strip()
            elif not _request(draft, text, found.end()):
                return None
            return draft
    return None


class Extended:
    """A W3C extended log: what its `#Fields` and `#Date` directives said so far. Its times are UTC."""

    __slots__ = ("date", "names")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.date = ""

    def directive(self, text: str) -> bool:
        """Whether a line is a directive; remembers what later lines need of it."""
        if not text.startswith("#"):
            return False
        if text.startswith("#fields\t"):
            self.names = text.split("\t")[1:201]
            return True
        name, _, value = text[1:].partition(":")
        if name == "Fields":
            self.names = value.split()[:200]
        elif name == "Date":
            self.date = value.strip()[:10]
        return name in _DIRECTIVES or re.split(r"[\t ]", text[1:40])[0] in _ZEEK

    def parse(self, text: str, clock: Clock) -> Draft | None:
        """A data line read by the names of the last `#Fields`; None where it does not fit them."""
        if not self.names:
            return None
        values = text.split("\t") if "\t" in text else text.split(" ")
        if len(values) != len(self.names):
            return None
        row = dict(zip(self.names, values, strict=True))
        if "time" in row:
            read = clock.match(f"{row.get('date', self.date)} {row['time']}Z")
            stamp = read[0] if read else None
        else:
            stamp = clock.value(row.get("ts"))
        if stamp is None:
            return None
        draft = Draft("w3c", stamp=stamp)
        for name, value in row.items():
            if value != "-" and name not in ("date", "time"):
                draft.fields[name] = int(value) if value.isdigit() and len(value) < 18 else value
        first = next((place for place, name in enumerate(self.names) if name == "cs-method"), 0)
        while first < len(values) and self.names[first] in ("date", "time", "ts"):
            first += 1
        draft.message = ("\t" if "\t" in text else " ").join(values[first:])
        return draft
