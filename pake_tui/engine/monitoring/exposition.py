"""Metrics as Prometheus reads them: its text format 0.0.4, with names and base units by its conventions.

Percent becomes a ratio from 0 to 1, milliseconds become seconds; a counter ends in `_total`. A timing out of
the store is one gauge per `stat` (p50, p90, p95, p99, mean, max) over all processes and the newest 30 s, one
of this process a summary. Every name begins with `pake_`; a service is a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from pake_tui.engine.store.catalogue import TIMING
from pake_tui.engine.store.samples import Meaning
from pake_tui.engine.store.sketch import PERCENTS, Sketch
from pake_tui.model.host_metrics import BY_NAME
from pake_tui.model.sample import MetricKind, SeriesKey
from pake_tui.text.safe import storable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "pake_"
_UNITS = {
    "percent": ("ratio", 0.01),
    "ms": ("seconds", 0.001),
    "bytes": ("bytes", 1.0),
    "bytes/s": ("bytes_per_second", 1.0),
    "/s": ("per_second", 1.0),
    "celsius": ("celsius", 1.0),
}
_RESERVED = ("_count", "_sum", "_bucket", "_total")
"""Endings that only parts of histograms, and counters, may have."""
_OWN = frozenset({"le", "quantile"})
"""Labels that mean something to Prometheus."""
_ODD = re.compile(r"[^a-zA-Z0-9_]+")


class Sample(NamedTuple):
    """One value with its labels; `name` is the family's, or ends in `_sum` or `_count`."""

    name: str
    labels: dict[str, str]
    value: float


class Family(NamedTuple):
    """A metric of Prometheus's: `kind` is counter, gauge or summary."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


def families(
    values: Mapping[SeriesKey, float],
    meanings: Mapping[SeriesKey, Meaning],
    timings: Mapping[SeriesKey, Sketch] | None = None,
) -> list[Family]:
    """All series with their newest values, counters as they stand, by name; no labels come twice."""
    found: dict[tuple[str, str, str], list[Sample]] = {}
    for key, value in values.items():
        if isfinite(value):
            name, kind, scale = _family(key, meanings.get(key, Meaning()))
            found.setdefault((name, kind, key.metric), []).append(Sample(name, _labels(key), value * scale))
    for key, timing in (timings or {}).items():
        name, _, scale = _family(key, TIMING)
        found.setdefault((name, "summary", key.metric), []).extend(_summary(name, key, timing, scale))
    taken: dict[str, Family] = {}
    for (name, kind, metric), samples in sorted(found.items()):
        if name not in taken:  # two of our names may become one there, and two tags: the first keeps it
            once: dict[tuple[object, ...], Sample] = {}
            for one in samples:
                once.setdefault((one.name, *one.labels.items()), one)
            taken[name] = Family(name, kind, storable(_help_of(metric)), list(once.values()))
    return list(taken.values())


def _help_of(metric: str) -> str:
    known = BY_NAME.get(metric)
    return f"{metric}: {known.meaning}." if known else f"{metric} as pake-tui keeps it."


def exposition(values: Mapping[SeriesKey, float], meanings: Mapping[SeriesKey, Meaning]) -> str:
    """The families as text."""
    lines = [line for family in families(values, meanings) for line in _lines(family)]
    return "\n".join(lines) + "\n" if lines else ""


def _family(key: SeriesKey, meaning: Meaning) -> tuple[str, str, float]:
    """Name, type and scale of a series."""
    base = _ODD.sub("_", key.metric).strip("_").lower() or "metric"
    if meaning.kind is MetricKind.COUNTER:
        return f"{PREFIX}{base.removesuffix('_total')}_total", "counter", 1.0
    suffix, scale = _UNITS.get(meaning.unit, ("", 1.0))
    for word in ("_percent", "_bytes", "_ms", "_milliseconds", "_celsius"):
        if suffix and base.endswith(word):
            base = base.removesuffix(word)
    if not suffix and base.endswith(_RESERVED):
        suffix = "value"
    return f"{PREFIX}{base}{'_' if suffix else ''}{suffix}", "gauge", scale


def _summary(name: str, key: SeriesKey, timing: Sketch, scale: float) -> Iterator[Sample]:
    labels = _labels(key)
    for percent, value in zip(PERCENTS, timing.stats(), strict=False):
        yield Sample(name, {**labels, "quantile": f"{percent / 100:g}"}, value * scale)
    yield Sample(f"{name}_sum", labels, timing.total * scale)
    yield Sample(f"{name}_count", labels, float(timing.count))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for name, labels, value in family.samples:
        told = ",".join(f'{label}="{_escaped(text, quoted=True)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {value:.17g}" if told else f"{name} {value:.17g}"


def _labels(key: SeriesKey) -> dict[str, str]:
    """Tags as labels, sorted."""
    pairs: dict[str, str] = {}
    for tag, value in (*key.tags, *((("service", key.service),) if key.service else ())):
        label = _ODD.sub("_", tag) or "tag"
        label = f"_{label}" if label[0].isdigit() else f"tag_{label}" if label in _OWN else label
        pairs.setdefault(f"tag{label}" if label.startswith("__") else label, storable(value))
    return dict(sorted(pairs.items()))


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
