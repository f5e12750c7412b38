"""Spans: the pieces of work that a request is made of, and which of them called which.

Field names are those of OpenTelemetry, ECS (`span.id`, `parent.id`, `transaction.id`), Datadog and Zipkin's
B3; case, dots, dashes and underscores do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from pake_tui.clock import SECOND
from pake_tui.model.record import Record
from pake_tui.records.aliases import id_of, plain_name
from pake_tui.text.listing import listed

OWN = ("spanid", "otelspanid", "ddspanid", "xb3spanid", "transactionid")
PARENT = ("parentspanid", "parentid", "ddparentid", "xb3parentspanid")
_NAMES = frozenset((*OWN, *PARENT))
DEEPEST = 4
APART_NS = SECOND // 1000
"""A child that begins so much before its parent has another clock."""


class Spans(Struct, frozen=True):
    """The spans of some records: `own` is each record's ("" for none), `parents` the caller of each span,
    `begun` the first time (UTC ns) of each and its service, of those that state a time.
    """

    own: tuple[str, ...]
    parents: Mapping[str, str]
    begun: Mapping[str, tuple[int, str]]

    def depths(self) -> list[int]:
        """How many of a record's callers have records too, for each record; 0 where it has no span."""
        known = {span for span in self.own if span}
        deep: dict[str, int] = {}
        for one in known:
            path: dict[str, None] = {}
            span = one
            while span in known and span not in deep and span not in path:
                path[span] = None
                span = self.parents.get(span, "")
            above = deep.get(span, -1)
            deep.update({inner: depth for depth, inner in enumerate(reversed(path), above + 1)})
        return [deep.get(span, 0) for span in self.own]

    def clocks_apart(self) -> list[str]:
        """A note for each pair of services of which the child began before its parent."""
        worst: dict[tuple[str, str], int] = {}
        for span, parent in self.parents.items():
            if span not in self.begun or parent not in self.begun:
                continue
            (began, child), (called, caller) = self.begun[span], self.begun[parent]
            if child != caller and called - began >= APART_NS:
                worst[child, caller] = max(worst.get((child, caller), 0), called - began)
        return [
            f"clocks apart: {child} begins {early / SECOND:.3f} s before {caller}, which called it"
            for (child, caller), early in worst.items()
        ]

    def unseen(self) -> list[str]:
        """A note where spans were called by spans of which there is no record."""
        known = set(self.own)
        orphans = {span: parent for span, parent in self.parents.items() if parent not in known}
        if not orphans:
            return []
        called = list(dict.fromkeys(self.begun[span][1] for span in orphans if span in self.begun))
        callers = len(set(orphans.values()))
        what = "span" if callers == 1 else f"{callers} spans"
        which = f" {next(iter(orphans.values()))}" if callers == 1 else ""
        return [f"no record of the {what}{which} that called {listed(called) or 'its records'}"]


def spans_of(records: Sequence[Record]) -> Spans:
    """The spans of records that stand in time order."""
    own: list[str] = []
    parents: dict[str, str] = {}
    begun: dict[str, tuple[int, str]] = {}
    for record in records:
        found = dict(_named(record.fields))
        span = next((found[name] for name in OWN if name in found), "")
        parent = next((found[name] for name in PARENT if name in found), "")
        own.append(span)
        if span and parent and parent != span:
            parents.setdefault(span, parent)
        if span and record.time_ns is not None:
            begun.setdefault(span, (record.time_ns, record.service or "?"))
    return Spans(tuple(own), parents, begun)


def nested(service: str, depth: int) -> str:
    """A service's name, moved in below its callers, four of them at most."""
    return "  " * min(DEEPEST, depth) + service


def names_span(name: str) -> bool:
    """Whether a (dotted) field name is that of a span's ID or of its caller's."""
    return plain_name(name).endswith("spanid")


def _named(fields: Mapping[str, object], above: str = "") -> Iterable[tuple[str, str]]:
    """The span IDs among fields, by plain name; nested ones by their path."""
    for name, value in fields.items():
        path = f"{above}{plain_name(name)}"
        if isinstance(value, Mapping):
            if len(above) < 64:
                yield from _named(value, path)
        elif (path in _NAMES or (plain_name(name) in _NAMES and above)) and (found := id_of(value)):
            yield path if path in _NAMES else plain_name(name), found.lower()
