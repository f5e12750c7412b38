"""Logs of any size for the benchmarks, the same for the same arguments, and the truth about them.

Requests over five services, two hundred under way at once: an ID stands on 5 to 20 lines, between those of
others, and each service names it its own way. Times cover a day; one line in 200 is stamped up to half a
second early. 90 % info, 5 % debug, 3.5 % warning, 1.5 % error, every third of these with a traceback in it;
one line in 2,000 is of no format at all.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

SERVICES = ("gate", "cart", "billing", "mailer", "login")
NAMES = ("correlation_id", "request_id", "trace_id", "correlationId", "correlation_id")
LEVELS = ("info",) * 180 + ("debug",) * 10 + ("warning",) * 7 + ("error",) * 3
WORDS = ("accepted", "priced", "charged", "queued", "checked", "rendered", "stored", "answered")
ODD = ("-- rotated --", "\tat org.acme.Mill.turn(Mill.java:7)", '{"cut": "in the mid')
TRACE = (
    'Traceback (most recent call last):\\n  File \\"mill.py\\", line %d, in turn\\nTimeoutError: no answer'
)
START = datetime(2026, 3, 1, tzinfo=UTC)
LENGTH = {"json": 230, "logfmt": 160, "text": 130}
ABSENT = "req-absent000000"


@dataclass
class Truth:
    """What is in a log: its lines, those of each level and above 400 ms, and where some IDs stand."""

    path: Path
    size: int = 0
    lines: int = 0
    errors: int = 0
    slow: int = 0
    ids: dict[str, list[int]] = field(default_factory=dict)
    """IDs to their lines, from 1."""
    needle: str = "req-0needle00001"


def make(path: Path, size: int, form: str = "json", seed: int = 1, names: Sequence[str] = NAMES) -> Truth:
    """Write a log of that many bytes. `names` are what the services call the ID, in turn."""
    dice, truth = random.Random(seed), Truth(path)
    ids = [f"req-{dice.getrandbits(48):012x}" for _ in range(200)]
    left = [dice.randrange(5, 21) for _ in ids]
    step, micros = 86_400_000_000 * LENGTH[form] / size, 0.0
    with path.open("w") as file:
        while truth.size < size:
            micros += dice.random() * 2 * step
            slot = dice.randrange(200)
            identifier = ids[slot]
            if truth.size > size * 0.97 and truth.needle not in truth.ids:
                identifier = truth.needle
            line = _line(dice, form, identifier, micros, truth, names)
            truth.lines += 1
            if identifier in line and (identifier == truth.needle or int(identifier[-3:], 16) == 7):
                truth.ids.setdefault(identifier, []).append(truth.lines)
            file.write(line)
            truth.size += len(line)
            left[slot] -= 1
            if not left[slot]:
                ids[slot], left[slot] = f"req-{dice.getrandbits(48):012x}", dice.randrange(5, 21)
    return truth


def _line(
    dice: random.Random, form: str, identifier: str, micros: float, truth: Truth, names: Sequence[str]
) -> str:
    if dice.random() < 1 / 2_000:
        return f"{dice.choice(ODD)}\n"
    number = dice.randrange(5)
    service, name, level = SERVICES[number], names[number % len(names)], dice.choice(LEVELS)
    early = dice.random() * 500_000 if dice.random() < 1 / 200 else 0.0
    stamp = (START + timedelta(microseconds=max(0.0, micros - early))).isoformat(timespec="microseconds")
    stamp = stamp.replace("+00:00", "Z")
    took = round(dice.random() * 500 + (5_000 if level == "error" else 0), 2)
    truth.errors += level == "error"
    truth.slow += took > 400
    word, user = dice.choice(WORDS), dice.randrange(10_000)
    if form == "text":
        return f"{stamp} {level.upper():8} [{service}] [{identifier}] {word} user=u{user} took={took}ms\n"
    if form == "logfmt":
        pairs = f'msg="order {word}" {name}={identifier} user=u{user} duration_ms={took}'
        return f"time={stamp} level={level} service={service} {pairs}\n"
    trace = f',"error":{{"stack":"{TRACE % user}"}}' if level == "error" and user % 3 == 0 else ""
    return (
        f'{{"timestamp":"{stamp}","level":"{level}","service":"{service}","message":"order {word}",'
        f'"{name}":"{identifier}","user":"u{user}","path":"/v1/orders/{user}","duration_ms":{took}{trace}}}\n'
    )
