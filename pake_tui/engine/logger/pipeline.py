"""From what the caller said to a finished event: plain callables, each event → event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from pake_tui.clock import iso, now_ns
from pake_tui.engine.logger import context
from pake_tui.engine.logger.plain import bounded, describe_error, key_text, plain
from pake_tui.model.record import Level
from pake_tui.text.masking import mask_fields, mask_text
from pake_tui.text.own import NOTHING, Own

Event = dict[str, Any]
Step = Callable[[Event], Event]

OWN = ("timestamp", "level", "service", "logger", "message", "correlation_id", "category")
"""What a record says of itself, in this order; then `_THEN`, then the caller's other fields."""
_THEN = ("user_id", "username", "request", "error")
_KEPT = frozenset(OWN) - {"correlation_id"}


def begin(
    level: Level, service: str, logger: str, message: object, category: str, fields: dict[str, object]
) -> Event:
    """The first event. A caller's field that has the name of one of the record's own gets a `_` behind it."""
    event: Event = {
        "timestamp": iso(now_ns()),
        "level": level.word,
        "service": service,
        "logger": logger,
        "message": message,
    }
    if category:
        event["category"] = category
    for name, value in fields.items():
        event[f"{name}_" if name in _KEPT else name] = value
    return event


def add_context(event: Event) -> Event:
    """What `with_correlation_id`, `with_user` and `with_request` say here; the caller's own fields win."""
    here = context.current()
    return {**here, **event} if here else event


def expand_error(event: Event) -> Event:
    """`error=exception` and `exc_info=True` become `{type, message, traceback}`."""
    given = event.get("exc_info")
    if given is not None:
        event = {name: value for name, value in event.items() if name != "exc_info"}
        found = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
        if found is not None:
            event.setdefault("error", found)
    error = event.get("error")
    return {**event, "error": describe_error(error)} if isinstance(error, BaseException) else event


def make_plain(event: Event) -> Event:
    """Every value as JSON can say it, bounded."""
    message = event["message"]
    text = bounded(message) if type(message) is str else plain(message)
    made = {key_text(name): plain(value) for name, value in event.items()}
    made["message"] = text if isinstance(text, str) else repr(text)
    return made


def mask(event: Event, own: Own = NOTHING) -> Event:
    """Secrets, cards, e-mails and phones masked: by key, and by shape in the message and in every text."""
    return {
        **mask_fields({name: value for name, value in event.items() if name not in _KEPT}, own=own),
        **{name: event[name] for name in _KEPT if name in event},
        "message": mask_text(event["message"], own),
    }


def arrange(event: Event) -> Event:
    """The record's own fields first, always in the same order."""
    first = {name: event[name] for name in (*OWN, *_THEN) if name in event}
    return {**first, **{name: value for name, value in event.items() if name not in first}}


def run(event: Event, steps: Iterable[Step]) -> Event:
    """The event after every step."""
    for step in steps:
        event = step(event)
    return event


OPEN: tuple[Step, ...] = (add_context, expand_error, make_plain, arrange)


@lru_cache(maxsize=16)
def masked(own: Own) -> tuple[Step, ...]:
    """The steps with masking, also of what the user's own settings call secret."""
    return (add_context, expand_error, make_plain, partial(mask, own=own), arrange)
