"""The slow query log of MySQL, MariaDB and Percona Server: lines about a statement, then the statement.

As their manuals have it (MySQL 8.4, 7.4.5; MariaDB, "Slow Query Log Overview"). Of statements in the same
second older servers write the time above the first one only.
"""

from __future__ import annotations

from collections.abc import Sequence

from pake_tui.records.draft import Draft
from pake_tui.records.timestamps import Clock, from_epoch
from pake_tui.text.late import late

FORMAT = "slowlog"
_TIME, _USER, _COMMAND = "# Time: ", "# User@Host: ", "# administrator command: "
_WHO = late(
    r"(\w[^\[\]]{0,80})?\[([^\]]{0,80})\] @ {1,2}([^\s\[]{0,255}) ?\[([^\]]{0,64})\]"
    r"(?: {1,4}Id: {1,8}(\d{1,20}))?"
)
_FACT = late(r"([A-Z]\w{1,40}): {1,4}(?!\w{1,40}:)(\S{1,80})")
_NAMES = {"schema": "database"}
_NUMBER = late(r"(\d{1,18})|\d{1,12}\.\d{1,9}")
_SET_TIME = late(r"SET timestamp=(\d{1,12}(?:\.\d{1,6})?);$")
_USE = late(r"use `?([^`;]{1,64})`?;$")


def parse(text: str, clock: Clock) -> Draft | None:
    """The first line of an entry."""
    if text.startswith(_TIME):
        read = clock.match(text, len(_TIME))
        return Draft(FORMAT, None, read[0]) if read else None
    if text.startswith(_USER) and _WHO.match(text, len(_USER)):
        return Draft(FORMAT)
    return None


def starts_entry(text: str, before: Sequence[str]) -> bool | None:
    """Whether a line begins an entry; None where that is no question of this format."""
    if not text.startswith(_USER):
        return None
    return bool(before) and before[0].startswith((_TIME, _USER)) and len(before) > before[0].startswith(_TIME)


def complete(draft: Draft, lines: Sequence[str]) -> None:
    """Take the entry's facts as fields, and the statement as message; lines above it that set it up go."""
    statement = 0
    for number, line in enumerate(lines):
        if line.startswith(_USER) and (who := _WHO.match(line, len(_USER))):
            named = {"user": who[2] or who[1], "host": who[3] or who[4], "connection_id": who[5]}
            draft.fields.update((name, value) for name, value in named.items() if value)
        elif line.startswith("# ") and not line.startswith((_TIME, _COMMAND)):
            for fact in _FACT.finditer(line):
                name = fact[1].lower()
                draft.fields[_NAMES.get(name, name)] = _value(fact[2])
        elif found := _SET_TIME.match(line):
            draft.stamp = draft.stamp or from_epoch(float(found[1]))
        elif found := _USE.match(line):
            draft.fields["database"] = found[1]
        elif not line.startswith(_TIME):
            break
        statement = number + 1
    draft.message = "\n".join(lines[statement:]).removeprefix("# ")


def _value(text: str) -> object:
    found = _NUMBER.fullmatch(text)
    return text if found is None else int(text) if found[1] else float(text)
