"""The compliance report: audit and security events, read back from the logger's own files."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from pake_tui.clock import DAY, iso, now_ns
from pake_tui.model.record import Record
from pake_tui.records.parser import Parser

MAX_EVENTS = 1_000
MAX_LINE = 1_048_576
MAX_NAMES = 1_000


class Summary(TypedDict):
    """Counts of the period; `by_user` has at most 1,000 users, the busiest ones."""

    total_audit_events: int
    total_security_events: int
    failed_security_events: int
    by_event_type: dict[str, int]
    by_result: dict[str, int]
    by_user: dict[str, int]


class Event(TypedDict):
    """One audit or security record; `fields` are all of its fields, masked as they were written."""

    timestamp: str | None
    category: str
    message: str
    user_id: str | None
    correlation_id: str | None
    fields: dict[str, object]


class Report(TypedDict):
    """A service's report: ISO times in UTC, the newest 1,000 events, the files read and what kept others out.

    `covers_from` is the oldest record that is still there: what was rotated away before it is not counted.
    """

    service: str
    generated_at: str
    since: str
    until: str
    covers_from: str | None
    summary: Summary
    events: list[Event]
    files: list[str]
    problems: list[str]


def report(path: Path, service: str, days: float) -> Report:
    """The events of the last `days` in a log file and its rotated ones; never raises."""
    now = now_ns()
    since = now - int(days * DAY)
    tally = _Tally()
    files, problems = [], []
    oldest: int | None = None
    for file in rotated(path):
        try:
            for record in events_of(file, now):
                if record.time_ns is not None:
                    oldest = record.time_ns if oldest is None else min(oldest, record.time_ns)
                if record.time_ns is None or record.time_ns >= since:
                    tally.add(record)
            files.append(str(file))
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
    if not files and not problems:
        problems.append(f"{path} is no file: nothing was written there, or file logging is off")
    return Report(
        service=service,
        generated_at=iso(now),
        since=iso(since),
        until=iso(now),
        covers_from=None if oldest is None else iso(oldest),
        summary=tally.summary(),
        events=list(tally.newest),
        files=files,
        problems=problems,
    )


def rotated(path: Path) -> list[Path]:
    """The file and its numbered backups that exist, oldest first."""
    found: list[tuple[int, Path]] = []
    try:
        for candidate in path.parent.glob(f"{path.name}.*"):
            number = candidate.name[len(path.name) + 1 :]
            if number.isdigit():
                found.append((int(number), candidate))
    except OSError:
        found = []
    backups = [backup for _, backup in sorted(found, reverse=True)]
    return [file for file in (*backups, path) if file.is_file()]


def events_of(file: Path, now_ns: int) -> Iterator[Record]:
    """The first record of a file, whatever it is, and its audit and security records. OSError."""
    parser: Parser | None = None
    with file.open("rb") as lines:
        while raw := lines.readline(MAX_LINE):
            if parser is not None and b"audit" not in raw and b"security" not in raw:
                continue
            text = raw.decode("utf-8", "replace").rstrip("\n")
            if parser is None:
                parser = Parser([text], now_ns=now_ns)
                yield from parser.parse([text])
                continue
            yield from parser.parse([text])


class _Tally:
    """Counts what it is given if it is an audit or security record."""

    def __init__(self) -> None:
        self.newest: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._audit = self._security = self._failed = 0
        self._types: Counter[str] = Counter()
        self._results: Counter[str] = Counter()
        self._users: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        fields = dict(record.fields)
        category = str(fields.get("category", ""))
        if category not in ("audit", "security"):
            return
        self._audit += category == "audit"
        self._security += category == "security"
        # logfmt has no booleans: there it is the word.
        self._failed += category == "security" and str(fields.get("success")).lower() == "false"
        _note(self._types, fields.get("event_type", fields.get("event")))
        _note(self._results, fields.get("result"))
        _note(self._users, fields.get("user_id"))
        user = fields.get("user_id")
        self.newest.append(
            Event(
                timestamp=None if record.time_ns is None else iso(record.time_ns),
                category=category,
                message=record.message,
                user_id=None if user is None else str(user),
                correlation_id=record.correlation_id,
                fields=fields,
            )
        )

    def summary(self) -> Summary:
        return Summary(
            total_audit_events=self._audit,
            total_security_events=self._security,
            failed_security_events=self._failed,
            by_event_type=dict(self._types.most_common(MAX_NAMES)),
            by_result=dict(self._results.most_common(MAX_NAMES)),
            by_user=dict(self._users.most_common(MAX_NAMES)),
        )


def _note(counter: Counter[str], value: object) -> None:
    if value is not None and (len(counter) < 10 * MAX_NAMES or str(value) in counter):
        counter[str(value)] += 1
