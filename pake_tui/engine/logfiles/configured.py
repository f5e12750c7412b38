"""What the configuration says of log files: how they are read, how many, and what an index may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pake_tui.clock import local_zone
from pake_tui.engine.logfiles.formats import formats_of
from pake_tui.engine.logfiles.tape import Reading
from pake_tui.records.aliases import CORRELATION_IDS
from pake_tui.text.own import own_of

if TYPE_CHECKING:
    from pake_tui.engine.settings.schema import Settings


class LogSettings(Struct, frozen=True):
    """How a view reads its files, and the most it shows of them.

    All of this user's indexes have less than `index_bytes` (0: none is built). Without `watches` only looking
    tells what has changed.
    """

    reading: Reading = Reading()
    most_files: int = 500
    index_bytes: int = 0
    watches: bool = True


def log_settings(settings: Settings) -> LogSettings:
    """What these settings say; times that state no zone are this host's."""
    limits, masking = settings.limits, settings.masking
    reading = Reading(
        local_zone(),
        (*CORRELATION_IDS, *settings.correlation_ids),
        limits.record_bytes,
        limits.unpacked_bytes,
        formats_of(settings.formats) if settings.formats else (),
        own_of(masking.keys, masking.patterns),
    )
    return LogSettings(reading, limits.log_files, limits.index_bytes, settings.follow.mode == "auto")
