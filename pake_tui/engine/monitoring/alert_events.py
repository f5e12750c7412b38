"""What can happen to an alert, and the notices that come of it: plain values, no behaviour."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from pake_tui.model.alert import Severity
from pake_tui.model.sample import Tags


class NoticeKind(IntEnum):
    """Why people are told. The numbers are stored: only add."""

    OPENED = 1
    REOPENED = 2
    ESCALATED = 3
    RESOLVED = 4
    FLAPPING = 5
    REMINDER = 6
    ACK_EXPIRED = 7
    WOKE = 8
    UNSUPPRESSED = 9
    DIGEST = 10

    @property
    def word(self) -> str:
        """Lower-case words, as the store spells it."""
        return self.name.lower().replace("_", " ")


class Notice(Struct, frozen=True):
    """One notice that became due: sent, or `held` back by the hourly limit (a digest names it later)."""

    alert_id: str
    fingerprint: str
    kind: NoticeKind
    severity: Severity
    title: str
    at_ns: int
    held: bool = False
    text: str = ""


class Fire(Struct, frozen=True):
    """The edge: a rule became true, or an application called `create_alert`. `new_id` names a new alert."""

    new_id: str
    fingerprint: str
    severity: Severity
    title: str
    message: str = ""
    tags: Tags = ()
    service: str = ""
    rule: str = ""
    metric: str = ""
    value: float | None = None
    threshold: float | None = None
    actor: str = "rule"
    expires_ns: int | None = None
    suppressed: str = ""
    runbook_url: str = ""


class StillTrue(Struct, frozen=True):
    """The rule stays true: no fire. A higher severity rises, a lower one is recorded; `title` and `message`
    are what there is to say now, empty where that is what was said.
    """

    value: float | None = None
    severity: Severity | None = None
    title: str = ""
    message: str = ""


class Clear(Struct, frozen=True):
    """The rule was false for its `resolve_for`."""

    value: float | None = None


class NoData(Struct, frozen=True):
    """Nothing was measured for five intervals."""


class RuleDeleted(Struct, frozen=True):
    """The rule is gone from the configuration."""


class Acknowledge(Struct, frozen=True):
    """A person takes it."""

    actor: str
    comment: str = ""


class Unacknowledge(Struct, frozen=True):
    """A person gives it back."""

    actor: str


class Snooze(Struct, frozen=True):
    """A person wants silence until a time (UTC ns)."""

    actor: str
    until_ns: int
    comment: str = ""


class Resolve(Struct, frozen=True):
    """A person, or the application that made it, closes it."""

    actor: str
    note: str = ""


class Comment(Struct, frozen=True):
    """A person says something; no change."""

    actor: str
    text: str


class Suppress(Struct, frozen=True):
    """A silence matches it, or a parent is down: notices are withheld."""

    reason: str


class Unsuppress(Struct, frozen=True):
    """The silence ended, or the parent is back."""


class Wake(Struct, frozen=True):
    """The snooze's time passed."""


class AckExpired(Struct, frozen=True):
    """The acknowledgement's time passed."""


class Expired(Struct, frozen=True):
    """An application's alert outlived its `expires_after`."""


class FlapEnded(Struct, frozen=True):
    """It has been steady for long enough."""


class CooldownEnded(Struct, frozen=True):
    """Resolved by hand, and the rule is still true after the cooldown: it fires as a new alert."""

    new_id: str


class NoticeDue(Struct, frozen=True):
    """A notice that was put off may go out now."""


class ReminderDue(Struct, frozen=True):
    """It has been firing for so long that people are reminded."""


Event = (
    Fire
    | StillTrue
    | Clear
    | NoData
    | RuleDeleted
    | Acknowledge
    | Unacknowledge
    | Snooze
    | Resolve
    | Comment
    | Suppress
    | Unsuppress
    | Wake
    | AckExpired
    | Expired
    | FlapEnded
    | CooldownEnded
    | NoticeDue
    | ReminderDue
)
