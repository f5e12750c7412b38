"""Who judges the lists of a configuration file, by the list's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pake_tui.engine.monitoring import rules
from pake_tui.engine.settings.layers import Validator


def _formats(raw: object) -> Sequence[tuple[str, str, str]]:
    from pake_tui.engine.logfiles.formats import validate  # few files have any

    return validate(raw)


VALIDATORS: Mapping[str, Validator] = {"rules": rules.validate, "formats": _formats}
