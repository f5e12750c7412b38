"""Metrics as Prometheus reads them: its text format 0.0.4, with names and base units by its conventions.

Percent becomes a ratio from 0 to 1, milliseconds become seconds; a counter ends in `_total`, a timing is one
gauge per `stat` (p50, p95, p99, mean, max). Every name begins with `pake_`; a service is a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite

from pake_tui.engine.store.samples import Meaning
from pake_tui.model.sample import MetricKind, SeriesKey

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "pake_"
_UNITS = {
    "percent": ("ratio", 0.01),
    "ms": ("seconds", 0.001),
    "bytes": ("bytes", 1.0),
    "bytes/s": ("bytes_per_second", 1.0),
    "/s": ("per_second", 1.0),
}
_RESERVED = ("_count", "_sum", "_bucket", "_total")
"""Endings that only parts of histograms, and counters, may have."""
_ODD = re.compile(r"[^a-zA-Z0-9_]+")


def exposition(values: Mapping[SeriesKey, float], meanings: Mapping[SeriesKey, Meaning]) -> str:
    """All series with their newest values, counters as they stand; one family after the other."""
    families: dict[tuple[str, str, str], list[tuple[SeriesKey, float]]] = {}
    for key, value in values.items():
        if isfinite(value):
            name, kind, scale = _family(key, meanings.get(key, Meaning()))
            families.setdefault((name, kind, key.metric), []).append((key, value * scale))
    taken: set[str] = set()
    lines: list[str] = []
    for (name, kind, metric), rows in sorted(families.items()):
        if name not in taken:  # two of our names may become one there: the first keeps it
            taken.add(name)
            lines += _lines(name, kind, metric, rows)
    return "\n".join(lines) + "\n" if lines else ""


def _family(key: SeriesKey, meaning: Meaning) -> tuple[str, str, float]:
    """Name, type and scale of a series."""
    base = _ODD.sub("_", key.metric).strip("_").lower() or "metric"
    if meaning.kind is MetricKind.COUNTER:
        return f"{PREFIX}{base.removesuffix('_total')}_total", "counter", 1.0
    suffix, scale = _UNITS.get(meaning.unit, ("", 1.0))
    for word in ("_percent", "_bytes", "_ms", "_milliseconds"):
        if suffix and base.endswith(word):
            base = base.removesuffix(word)
    if not suffix and base.endswith(_RESERVED):
        suffix = "value"
    return f"{PREFIX}{base}{'_' if suffix else ''}{suffix}", "gauge", scale


def _lines(name: str, kind: str, metric: str, rows: Iterable[tuple[SeriesKey, float]]) -> Iterator[str]:
    yield f"# HELP {name} {_escaped(metric)} as pake-tui keeps it."
    yield f"# TYPE {name} {kind}"
    seen: set[str] = set()
    for key, value in rows:
        labels = _labels(key)
        if labels not in seen:
            seen.add(labels)
            yield f"{name}{labels} {value:.17g}"


def _labels(key: SeriesKey) -> str:
    pairs: dict[str, str] = {}
    for tag, value in (*key.tags, *((("service", key.service),) if key.service else ())):
        label = _ODD.sub("_", tag) or "tag"
        label = f"_{label}" if label[0].isdigit() else label
        pairs.setdefault(f"tag{label}" if label.startswith("__") else label, value)
    told = ",".join(f'{label}="{_escaped(value, quoted=True)}"' for label, value in sorted(pairs.items()))
    return f"{{{told}}}" if told else ""


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
