"""What surrounds a line that another program wrote: container prefixes, CRI, file names, colours."""

from __future__ import annotations

from msgspec import Struct, field

from pake_tui.records.levels import of_word
from pake_tui.records.timestamps import Clock, Stamp
from pake_tui.text.late import late
from pake_tui.text.safe import strip_ansi

_COMPOSE = late(r"([A-Za-z][\w.\-]{0,63})[ ]{0,40}\|(?:[ ]|$)")
_KUBECTL = late(r"\[(?:pod|deployment|statefulset|daemonset)/([\w.\-]{1,253})/([\w.\-]{1,63})\] ")
_FILE = late(r"(?:\./|/)?[\w./\-]{1,200}\.log(?:[.\-:][\w.\-:]{0,40})?(?:[:\s]\s?)(?=[\d\[{<A-Z])")
_CRI = late(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?:[: ]|$)"
)
_NANO = late(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7,9}(?:Z|[+-]\d\d:\d\d)(?: |$)")


class Envelope(Struct):
    """What was taken off a line, and the payload that is left."""

    payload: str
    stamp: Stamp | None = None
    service: str | None = None
    fields: dict[str, object] = field(default_factory=dict)
    contained: bool = False
    """The payload is a container's output, so words at its start are no header of ours."""


def clean(line: str) -> str:
    """A line without terminal escapes, byte order mark and carriage return."""
    if "\x1b" in line:
        line = strip_ansi(line)
    return line.removeprefix("\ufeff").rstrip("\r\n")


def compose_name(line: str) -> str:
    """The service before ` | `, as Docker Compose prints it; empty where there is none."""
    found = _COMPOSE.match(line)
    return found[1] if found and of_word(found[1]) is None else ""


def open_envelope(line: str, clock: Clock, compose: bool) -> Envelope:
    """The line without its prefixes; `compose` says that this file's lines begin with a service's name."""
    envelope = Envelope(line)
    if compose and (found := _COMPOSE.match(line)):
        envelope.service, envelope.payload = found[1], line[found.end() :]
        if (time := _NANO.match(envelope.payload)) and (read := clock.match(envelope.payload)):
            envelope.stamp, envelope.payload = read[0], envelope.payload[time.end() :]
            envelope.contained = True
    elif found := _KUBECTL.match(line):
        envelope.service, envelope.payload = found[2], line[found.end() :]
        envelope.fields["pod"] = found[1]
        if (time := _NANO.match(envelope.payload)) and (read := clock.match(envelope.payload)):
            envelope.stamp, envelope.payload = read[0], envelope.payload[time.end() :]
            envelope.contained = True
    elif ".log" in line[:210] and (found := _FILE.match(line)):
        envelope.fields["file"] = found[0].strip(" :\t")
        envelope.payload = line[found.end() :]
    if found := _CRI.match(envelope.payload):
        read = clock.match(found[1])
        envelope.stamp = read[0] if read else None
        envelope.fields["stream"] = found[2]
        envelope.payload = envelope.payload[found.end() :]
        envelope.contained = True
    return envelope
