"""What can happen to an alert, and the notices that come of it: plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

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


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that became due: sent, or `held` back by the hourly limit (a digest names it later)."""

    alert_id: str
    fingerprint: str
    kind: NoticeKind
    severity: Severity
    title: str
    at_ns: int
    held: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fire:
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


@dataclass(frozen=True, slots=True)
class StillTrue:
    """The rule stays true: no fire. A higher severity rises, a lower one is recorded."""

    value: float | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """The rule was false for its `resolve_for`."""

    value: float | None = None


@dataclass(frozen=True, slots=True)
class NoData:
    """Nothing was measured for five intervals."""


@dataclass(frozen=True, slots=True)
class RuleDeleted:
    """The rule is gone from the configuration."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person takes it."""

    actor: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Unacknowledge:
    """A person gives it back."""

    actor: str


@dataclass(frozen=True, slots=True)
class Snooze:
    """A person wants silence until a time (UTC ns)."""

    actor: str
    until_ns: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person, or the application that made it, closes it."""

    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A person says something; no change."""

    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Suppress:
    """A silence matches it, or a parent is down: notices are withheld."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsuppress:
    """The silence ended, or the parent is back."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The snooze's time passed."""


@dataclass(frozen=True, slots=True)
class AckExpired:
    """The acknowledgement's time passed."""


@dataclass(frozen=True, slots=True)
class Expired:
    """An application's alert outlived its `expires_after`."""


@dataclass(frozen=True, slots=True)
class FlapEnded:
    """It has been steady for long enough."""


@dataclass(frozen=True, slots=True)
class CooldownEnded:
    """Resolved by hand, and the rule is still true after the cooldown: it fires as a new alert."""

    new_id: str


@dataclass(frozen=True, slots=True)
class NoticeDue:
    """A notice that was put off may go out now."""


@dataclass(frozen=True, slots=True)
class ReminderDue:
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
