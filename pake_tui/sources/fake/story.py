"""The log records of an invented incident: a card gateway slows down, requests over five services fail."""

from __future__ import annotations

import random

from msgspec import Struct

from pake_tui.clock import SECOND
from pake_tui.model.record import Level, Record
from pake_tui.text.masking import mask_fields, mask_text

SERVICES = ("api", "orders", "payment", "worker", "auth")
REQUESTS = 60
_MS = SECOND // 1000


class Step(Struct, frozen=True):
    """One record of a request: when after its beginning (ms), by whom, how bad, what."""

    after_ms: int
    service: str
    level: Level
    message: str
    fields: dict[str, object]


def incident(start_ns: int) -> list[Record]:
    """Some 400 records in time order over twelve minutes from a start; the same for the same start.

    The request `req-7f3a` crosses api, orders and payment and fails there.
    """
    dice = random.Random(4711)
    found: list[Record] = []
    for number in range(REQUESTS):
        begin = start_ns + number * 12_000 * _MS + dice.randrange(900) * _MS
        cid = "req-7f3a" if number == 40 else f"req-{dice.randrange(0x1000, 0xFFFF):04x}"
        slow = max(0, number - 18)
        failed = number == 40 or (slow > 12 and dice.random() < 0.35)
        for step in _request(dice, number, slow, failed):
            found.append(record(begin + step.after_ms * _MS, step, cid))
        if number % 4 == 0:
            found.append(record(begin + 5 * SECOND, _job(number, slow)))
    return sorted(found, key=lambda one: one.time_ns or 0)


def record(time_ns: int, step: Step, cid: str | None = None) -> Record:
    """A masked record as the parser would give it."""
    fields = dict(mask_fields(step.fields))
    words = " ".join(f"{name}={value}" for name, value in fields.items())
    head = f"{step.level.word} {step.service} {cid or '-'}"
    return Record(
        message=mask_text(step.message),
        text=mask_text(f"{head} {step.message} {words}".rstrip()),
        time_ns=time_ns,
        utc_offset_s=0,
        level=step.level,
        service=step.service,
        logger=f"{step.service}.main",
        correlation_id=cid,
        fields=fields,
        format="json",
    )


def _request(dice: random.Random, number: int, slow: int, failed: bool) -> list[Step]:
    gateway = 40 + slow * 55 + dice.randrange(40)
    order = 800 + number
    steps = [
        Step(0, "api", Level.INFO, "Request received", {"method": "POST", "path": "/api/v1/pay"}),
        Step(4, "auth", Level.DEBUG, "Session checked", {"user": f"user{number % 7}@example.com"}),
        Step(31, "orders", Level.INFO, "Order locked", {"order": order}),
        Step(45, "payment", Level.INFO, "Gateway called", {"order": order, "card": "4111 1111 1111 1111"}),
    ]
    if gateway > 900:
        steps.append(Step(950, "payment", Level.WARNING, "Gateway is slow", {"waited_ms": 900}))
    if failed:
        declined: dict[str, object] = {"status": 502, "duration_ms": gateway, "order": order}
        steps += [
            Step(60 + gateway, "payment", Level.ERROR, "Payment declined by gateway", declined),
            Step(70 + gateway, "orders", Level.WARNING, "Order released", {"order": order}),
            Step(
                80 + gateway,
                "api",
                Level.ERROR,
                f"Request completed: 502 in {80 + gateway} ms",
                {"status": 502},
            ),
        ]
    else:
        steps += [
            Step(60 + gateway, "payment", Level.INFO, "Payment captured", {"duration_ms": gateway}),
            Step(
                80 + gateway,
                "api",
                Level.INFO,
                f"Request completed: 200 in {80 + gateway} ms",
                {"status": 200},
            ),
        ]
    return steps


def _job(number: int, slow: int) -> Step:
    if slow > 20:
        return Step(
            0,
            "worker",
            Level.ERROR,
            "Job failed: Traceback follows\n  TimeoutError: gateway",
            {"job": number},
        )
    return Step(0, "worker", Level.INFO, "Job finished", {"job": number, "queue": "mail"})
