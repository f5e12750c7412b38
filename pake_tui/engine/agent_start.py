"""Finds the collector of a state folder, and starts one where there is none."""

from __future__ import annotations

from pathlib import Path

from pake_tui.engine.store.state import StateStore


def ensure_collector(state: StateStore, config: Path | None, *, mode: str = "auto") -> str:
    """Say that a collector is needed, and start one if nobody collects; cheap enough for once a second.

    `config` is the configuration file it shall obey, `mode` the setting `collector.mode`. Returns why nobody
    collects, in words, or nothing. ConfigError names both files where a running collector obeys another one.
    """
    raise NotImplementedError
