"""A query built from command-line flags, since a shell eats `>` and a leading `-`."""

from __future__ import annotations

from collections.abc import Sequence

from pake_tui.query.values import Glob, glob_of


def from_flags(
    cid: str = "",
    level: str = "",
    service: str = "",
    since: str = "",
    until: str = "",
    not_: Sequence[str] = (),
) -> str:
    """The query's text. `level` means this level and above; each of `not_` is a query of its own."""
    terms = [f"{name}:{_value(value)}" for name, value in (("cid", cid), ("service", service)) if value]
    if level:
        terms.append(f"level>={_literal(level)}")
    terms += [f"{name}:{_literal(value)}" for name, value in (("since", since), ("until", until)) if value]
    terms += [f"-({one})" for one in not_ if one.strip()]
    return " ".join(terms)


def _value(text: str) -> str:
    return str(glob_of(text, quoted=" " in text, star=False))


def _literal(text: str) -> str:
    return str(Glob((text,)))
