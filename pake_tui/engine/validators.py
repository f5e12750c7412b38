"""Who judges the lists of a configuration file, by the list's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from pake_tui.engine.settings.layers import Validator


def _by(module: str, name: str = "validate") -> Validator:
    """The validator of a module, imported when a file has such a list: few files have all of them."""

    def validate(raw: object) -> Sequence[tuple[str, str, str]]:
        found: Validator = getattr(import_module(f"pake_tui.engine.{module}"), name)
        return found(raw)

    return validate


VALIDATORS: Mapping[str, Validator] = {
    "rules": _by("monitoring.rulespecs"),
    "checks": _by("monitoring.checking.specs"),
    "notifiers": _by("monitoring.notifying.specs"),
    "maintenance": _by("monitoring.silencing"),
    "formats": _by("logfiles.formats"),
    "masking.keys": _by("masking", "validate_keys"),
    "masking.patterns": _by("masking", "validate_patterns"),
}
