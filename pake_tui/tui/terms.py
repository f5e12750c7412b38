"""Edits of a filter's text: terms added and taken off whole."""

from __future__ import annotations


def split_terms(query: str) -> list[str]:
    """The top-level terms of a query; quotes and parentheses hold together, `OR` is a word of its own."""
    terms: list[str] = []
    start, depth, quoted, at = None, 0, False, 0
    while at < len(query):
        character = query[at]
        if quoted:
            if character == "\\":
                at += 1
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        if character.isspace() and not quoted and depth <= 0:
            if start is not None:
                terms.append(query[start:at])
            start = None
        elif start is None:
            start = at
        at += 1
    if start is not None:
        terms.append(query[start:])
    return terms


def without_last(query: str) -> str:
    """The query without its last term (and the `OR` or `AND` before it)."""
    terms = split_terms(query)[:-1]
    while terms and terms[-1] in ("OR", "AND"):
        terms.pop()
    return " ".join(terms)


def with_term(query: str, term: str) -> str:
    """The query AND a term, which is not doubled; alternatives are put in parentheses first."""
    terms = split_terms(query)
    if term in terms and "OR" not in terms:
        return query.strip()
    if "OR" in terms:
        return f"({query.strip()}) {term}"
    return " ".join([*terms, term])
