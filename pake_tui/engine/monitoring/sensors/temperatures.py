"""How hot the machine's chips are, by /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst), or where
there is none by /sys/class/thermal. Most virtual machines have neither.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from pake_tui.engine.monitoring.sensors.readings import Absent, PartlyFailed, Seldom, Values, read, reason
from pake_tui.model.sample import SeriesKey

MAX_SENSORS = 16
EVERY_S = 10.0
NO_READING = (errno.ENODATA, errno.EAGAIN, errno.ENXIO)
"""What a chip says that sleeps or is switched off."""


class Temperatures:
    """Degrees Celsius by chip, asked for every ten seconds: some chips take milliseconds to answer."""

    def __init__(self, sys: Path) -> None:
        self._sys = sys
        self._known = Seldom(self._read, EVERY_S)

    def values(self) -> Values:
        """The hottest place of each chip, of those of one name the hottest."""
        known, problems = self._known.get()
        for name, degrees in sorted(known.items())[:MAX_SENSORS]:
            yield SeriesKey("temperature_celsius", (("sensor", name),)), degrees
        if problems:
            raise PartlyFailed(problems)

    def _read(self) -> tuple[dict[str, float], dict[str, str]]:
        found = [*_chips(self._sys)] or [*_zones(self._sys)]
        if not found:
            raise Absent("this machine has no temperature sensors")
        known: dict[str, float] = {}
        problems: dict[str, str] = {}
        for name, place in found:
            try:
                known[name] = max(known.get(name, -273.15), int(read(str(place))) / 1000)
            except OSError as error:
                if error.errno not in NO_READING:
                    problems[f"temperature {name}"] = reason(error)
            except ValueError as error:
                problems[f"temperature {name}"] = f"{place}: {error}"
        return known, problems


def _chips(sys: Path) -> Iterator[tuple[str, Path]]:
    """(name, file) of each place that chips measure."""
    for chip in sorted(sys.glob("class/hwmon/hwmon*")):
        for place in sorted(chip.glob("temp*_input")):
            yield read(f"{chip}/name").strip(), place


def _zones(sys: Path) -> Iterator[tuple[str, Path]]:
    for zone in sorted(sys.glob("class/thermal/thermal_zone*")):
        yield read(f"{zone}/type").strip(), zone / "temp"
