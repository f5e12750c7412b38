"""Field terms become nodes; `cid`, `level`, `service`, `since`, `until`, `at` have meanings of their own."""

from __future__ import annotations

import re
from datetime import tzinfo

from msgspec import Struct

from pake_tui.model.record import Level
from pake_tui.query.errors import QueryError
from pake_tui.query.lexer import Kind, Piece, Token
from pake_tui.query.moments import EXPECTED, moment
from pake_tui.query.nodes import Compare, Equals, Exists, FieldRegex, LevelIs, Node, Regex, Text, Within
from pake_tui.query.regexes import RegexError, compiled
from pake_tui.query.values import NUMBER, glob_of, quote
from pake_tui.records.levels import parse_level

LEVELS = ", ".join(level.word for level in Level)
TIMES = ("since", "until", "at")
RESERVED = ("cid", "level", "service", *TIMES)


class Meaning(Struct, frozen=True):
    """What a query is read with: the moment `now` (UTC ns), and the zone shown."""

    now_ns: int
    zone: tzinfo


def node_of(token: Token, meaning: Meaning) -> Node:
    """The node of a text, regex or field token. QueryError."""
    piece = token.piece
    assert piece is not None
    if token.kind is Kind.TEXT:
        if not piece.text:
            raise QueryError("the quotes are empty", token.at, "text between them")
        return Text(piece.text)
    if token.kind is Kind.REGEX:
        return Regex(_checked(piece))
    name = token.name.lower() if token.name.lower() in RESERVED else token.name
    if name in TIMES:
        return _time(name, token, piece, meaning)
    if token.operator == "~":
        return FieldRegex(name, _checked(piece))
    if token.operator == ":" and piece.text == "?" and not piece.quoted:
        return Exists(name)
    if name == "level":
        return _level(token, piece)
    if token.operator == ":":
        return Equals(name, glob_of(piece.text, piece.quoted, piece.star))
    return _number(name, token, piece)


def _checked(piece: Piece) -> str:
    if not piece.text:
        raise QueryError("the pattern is empty", piece.at, "a regular expression")
    try:
        compiled(piece.text)
    except RegexError as error:
        place = piece.places[min(error.position, len(piece.places) - 1)] if piece.places else piece.at
        raise QueryError(f"this regular expression can't be used: {error}", place) from None
    return piece.text


def _level(token: Token, piece: Piece) -> Node:
    if "*" in piece.text and token.operator == ":" and not piece.quoted:
        return Equals("level", glob_of(piece.text, quoted=False, star=False))
    level = parse_level(piece.text)
    if level is None and len(piece.text) == 1:
        level = parse_level(piece.text.upper())
    if level is None:
        raise QueryError(f"{piece.text} is no level", piece.at, LEVELS)
    return LevelIs(token.operator, level)


def _number(name: str, token: Token, piece: Piece) -> Node:
    place = token.at + len(token.name)
    if name == "cid":
        raise QueryError("an ID is neither above nor below", place, "cid:ID or cid:beginning*")
    if not NUMBER.fullmatch(piece.text):
        whole = f"{token.name}{token.operator}{piece.text}"
        raise QueryError(
            f"{piece.text} is not a number",
            piece.at,
            f"a number after {token.operator}; as text: {quote(whole)}",
        )
    return Compare(name, token.operator, piece.text)


def _time(name: str, token: Token, piece: Piece, meaning: Meaning) -> Node:
    if token.operator != ":":
        raise QueryError(f"{name} stands before a colon", token.at + len(token.name), f"{name}:15m")
    try:
        found = moment(piece.text, meaning.now_ns, meaning.zone, latest=name != "until")
    except ValueError as error:
        raise QueryError(str(error), piece.at, EXPECTED) from None
    start = found.start_ns
    if name == "since":
        return Within(name, piece.text, start, None)
    if name == "until":
        return Within(name, piece.text, None, start)
    if not found.width_ns and re.search(r"[a-z]", piece.text):
        raise QueryError("at: names a minute, a second or a day", piece.at, "14:03, 14:03:21 or 2026-03-01")
    return Within(name, piece.text, start, start + max(found.width_ns, 1) - 1)
