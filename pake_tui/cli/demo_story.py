"""The sample incident as values: which line each service writes when. Files are read by `load`, nothing else.

Request `k` and all that is random in it follow from the story's seed, so that five processes that never speak
to one another tell the same story.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from pake_tui.clock import SECOND

MS = SECOND // 1_000


class Line(Struct, frozen=True):
    """One line to write: when (UTC ns), who writes it, by which method of the logger.

    `raises` is an exception's (type, text) that belongs to it; `endpoint` the kind of request;
    `answer_ms` the whole request's duration on its last line; `gateway_ms` how long the gateway took, on
    the payment service's lines about it.
    """

    at_ns: int
    service: str
    how: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    raises: tuple[str, str] | None = None
    correlation_id: str | None = None
    endpoint: str = ""
    answer_ms: float | None = None
    gateway_ms: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it tells of something that failed."""
        status = self.fields.get("status_code", 0)
        return self.raises is not None or (isinstance(status, int) and status >= 500)


class Story:
    """A story with its beginning (UTC ns): the moment the demo was started."""

    def __init__(self, script: Mapping[str, Any], start_ns: int) -> None:
        self.start_ns = start_ns
        self.services: tuple[str, ...] = tuple(script["services"])
        self._script = script
        self._every_ns = int(script["request_every_ms"]) * MS
        self._incident_ns = start_ns + int(script["incident_seconds"]) * SECOND
        self._journeys = list(script["journeys"])
        self._weights = [journey["weight"] for journey in script["journeys"].values()]

    @property
    def first_request(self) -> int:
        """The number of the oldest request."""
        return -int(self._script["history_seconds"]) * SECOND // self._every_ns

    def begins_ns(self, number: int) -> int:
        """When a request comes in."""
        return self.start_ns + number * self._every_ns

    def failing(self, at_ns: int, recovered_ns: int | None) -> bool:
        """Whether the gateway is out of order at a time."""
        return at_ns >= self._incident_ns and (recovered_ns is None or at_ns < recovered_ns)

    def request(self, number: int, recovered_ns: int | None) -> Iterator[Line]:
        """The lines of one request in all services, in the order of the script."""
        dice = random.Random(f"{self._script['seed']}:{number}")
        begin = self.begins_ns(number) + dice.randrange(self._every_ns)
        journey = dice.choices(self._journeys, self._weights)[0]
        gateway_ms, failed = self._gateway(begin, recovered_ns, dice)
        words = _words(dice)
        words["gateway"] = gateway_ms
        state = "failing" if failed else "healthy"
        for step in self._script["journeys"][journey]["steps"]:
            if step.get("when", state) != state:
                continue
            offset = step["at"] + (gateway_ms if step.get("plus") == "gateway" else 0)
            line = _line(
                step, begin + int(offset * MS), {**words, "total": round(offset)}, words["cid"], journey
            )
            yield replace(line, fields={**line.fields, **self._span(number, line.service)})

    def _span(self, number: int, service: str) -> dict[str, str]:
        """The span of a service in a request, and who called it."""
        caller = self._script["services"][service].get("called_by")
        named = {"span_id": service} | ({"parent_span_id": caller} if caller else {})
        request = f"{self._script['seed']}:{number}"
        return {
            name: f"{random.Random(f'{request}:{one}').getrandbits(64):016x}" for name, one in named.items()
        }

    def chores(self, service: str, since_ns: int, until_ns: int) -> Iterator[Line]:
        """What a service writes besides its requests, from `since_ns` up to before `until_ns`."""
        for index, chore in enumerate(self._script["chores"]):
            if chore["service"] != service:
                continue
            every = int(chore["every_s"] * SECOND)
            for number in range(-(-since_ns // every), -(-until_ns // every)):
                dice = random.Random(f"{self._script['seed']}:{index}:{number}")
                yield _line(chore, number * every, {**_words(dice), "gateway": 0, "total": 0}, None)

    def _gateway(self, at_ns: int, recovered_ns: int | None, dice: random.Random) -> tuple[int, bool]:
        """How long the gateway takes for a request (ms), and whether it fails."""
        healthy = dice.randint(*self._script["healthy_ms"])
        failing = dice.randint(*self._script["failing_ms"])
        chance = dice.random()
        if not self.failing(at_ns, recovered_ns):
            return healthy, False
        progress = min(1.0, (at_ns - self._incident_ns) / (self._script["ramp_seconds"] * SECOND))
        return round(healthy + (failing - healthy) * progress), chance < progress


def load(folder: Path, start_ns: int) -> Story:
    """The story of a sample-data folder."""
    text = (folder / "story.yaml").read_text(encoding="utf-8")
    return Story(yaml.safe_load(text), start_ns)


def _words(dice: random.Random) -> dict[str, Any]:
    """Everything that a line's text may name in braces; all of it invented."""
    user = dice.choice(("ada", "grace", "edsger", "barbara", "donald", "tony", "frances", "alan"))
    claims = (
        base64.urlsafe_b64encode(json.dumps({"sub": user, "n": dice.randrange(10**6)}).encode())
        .decode()
        .rstrip("=")
    )
    return {
        "cid": f"req-{dice.getrandbits(32):08x}",
        "user": f"user-{dice.randrange(100, 999)}",
        "email": f"{user}.{dice.randrange(10, 99)}@example.com",
        "order": dice.randrange(10_000, 99_999),
        "amount": round(dice.uniform(4, 250), 2),
        "card": dice.choice(("4111 1111 1111 1111", "5555-5555-5555-4444", "4012888888881881")),
        "octet": dice.randrange(1, 254),
        "secret": f"{dice.getrandbits(96):024x}",
        "jwt": f"eyJhbGciOiJIUzI1NiJ9.{claims}.{dice.getrandbits(200):050x}",
    }


def _line(
    step: Mapping[str, Any], at_ns: int, words: Mapping[str, Any], cid: str | None, endpoint: str = ""
) -> Line:
    raises = step.get("raises")
    return Line(
        at_ns=at_ns,
        service=step["service"],
        how=step["how"],
        message=str(_filled(step["message"], words)),
        fields={name: _filled(value, words) for name, value in step.get("fields", {}).items()},
        raises=(raises["type"], str(_filled(raises["text"], words))) if raises else None,
        correlation_id=cid,
        endpoint=endpoint,
        answer_ms=float(words["total"]) if step.get("answers") else None,
        gateway_ms=float(words["gateway"]) if step["service"] == "payment" and step.get("plus") else None,
    )


def _filled(value: Any, words: Mapping[str, Any]) -> Any:
    """A text with its braces filled; one that is nothing but a brace keeps the word's own type."""
    if not isinstance(value, str) or "{" not in value:
        return value
    if value.startswith("{") and value.endswith("}") and value[1:-1] in words:
        return words[value[1:-1]]
    return value.format_map(words)
