"""The zone of this host, with its rules for summer time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


def local_zone() -> tzinfo:
    """The zone that $TZ or /etc/localtime names; where neither tells, today's offset from UTC."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            name = os.readlink("/etc/localtime").partition("zoneinfo/")[2]  # noqa: PTH115 - one name, no path
        except OSError:
            name = ""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return datetime.now().astimezone().tzinfo or UTC
