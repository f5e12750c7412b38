"""The text of a query becomes tokens, each with its place.

A token is a field term only where an identifier stands directly before `:` `>` `<` `~` and a value after it.
Two spellings that look like one are words: `scheme://...` and `a::b`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct

from pake_tui.query.errors import QueryError

IDENTIFIER = re.compile(r"(?:[^\W\d]|@)[\w@]*(?:[.-]+[\w@]+)*")
_OPERATOR = re.compile(r">=|<=|[:<>~]")
_KEYWORDS = ("OR", "AND")
MOST_CHARACTERS = 10_000


class Kind(Enum):
    """What a token is."""

    OPEN = "("
    CLOSE = ")"
    NOT = "-"
    OR = "OR"
    AND = "AND"
    TEXT = "text"
    REGEX = "regex"
    FIELD = "field"


class Piece(Struct, frozen=True):
    """Characters as typed and where each stands in the query; `star` says that a `*` followed the quotes."""

    text: str
    places: Sequence[int]
    at: int
    quoted: bool = False
    star: bool = False


class Token(Struct, frozen=True):
    """One token at a place; terms have their piece, field terms also a name and an operator."""

    kind: Kind
    at: int
    end: int
    piece: Piece | None = None
    name: str = ""
    operator: str = ""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query. QueryError."""
    if len(text) > MOST_CHARACTERS:
        raise QueryError("the query is too long", MOST_CHARACTERS, f"at most {MOST_CHARACTERS} characters")
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token(text, at)
        yield token
        at = token.end


def _token(text: str, at: int) -> Token:
    character = text[at]
    if character in "()":
        return Token(Kind(character), at, at + 1)
    if character == "-" and not text.startswith("--", at):
        if at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] == ")":
            raise QueryError(
                "nothing stands after -", at, 'a term to drop directly after it, or "-" in quotes'
            )
        return Token(Kind.NOT, at, at + 1)
    if character == '"':
        piece, end = _quoted(text, at)
        _ends(text, end)
        return Token(Kind.TEXT, at, end, piece)
    if character == "~" and at + 1 < len(text) and not text[at + 1].isspace() and text[at + 1] != ")":
        piece, end = _pattern(text, at + 1)
        return Token(Kind.REGEX, at, end, piece)
    if found := _field(text, at):
        return found
    end = _run(text, at)
    word = text[at:end]
    if word in _KEYWORDS:
        return Token(Kind(word), at, end)
    return Token(Kind.TEXT, at, end, Piece(word, range(at, end), at))


def _field(text: str, at: int) -> Token | None:
    """A field term, None where the token is none."""
    name = IDENTIFIER.match(text, at)
    operator = _OPERATOR.match(text, name.end()) if name else None
    if name is None or operator is None:
        return None
    start = operator.end()
    if start == len(text) or text[start].isspace() or text[start] == ")":
        return None
    if operator[0] == ":" and text.startswith(("//", ":"), start):
        return None
    if operator[0] == "~":
        piece, end = _pattern(text, start)
    elif text[start] == '"':
        piece, end = _quoted(text, start, star=operator[0] == ":")
        _ends(text, end)
    elif text[start] == "(":
        raise QueryError(
            "one field term has one value", start, f"a value; alternatives are ({name[0]}:a OR {name[0]}:b)"
        )
    else:
        end = _run(text, start)
        piece = Piece(text[start:end], range(start, end), start)
    return Token(Kind.FIELD, at, end, piece, name[0], operator[0])


def _pattern(text: str, at: int) -> tuple[Piece, int]:
    if text[at] == '"':
        piece, end = _quoted(text, at, regex=True)
        _ends(text, end)
        return piece, end
    end = _run(text, at, regex=True)
    return Piece(text[at:end], range(at, end), at), end


def _quoted(text: str, at: int, *, star: bool = False, regex: bool = False) -> tuple[Piece, int]:
    """What stands between quotes; `\\"` and `\\\\` are one character, in a regex only `\\"` is."""
    characters: list[str] = []
    places: list[int] = []
    here = at + 1
    while here < len(text) and text[here] != '"':
        if text[here] == "\\" and text[here + 1 : here + 2] in ('"', "\\"):
            if regex and text[here + 1] == "\\":
                characters.append("\\")
                places.append(here)
            here += 1
        characters.append(text[here])
        places.append(here)
        here += 1
    if here >= len(text):
        raise QueryError("the quotes are not closed", at, 'a closing "')
    starred = star and text.startswith("*", here + 1)
    piece = Piece("".join(characters), (*places, here), at, quoted=True, star=starred)
    return piece, here + (2 if starred else 1)


def _ends(text: str, end: int) -> None:
    if end < len(text) and not text[end].isspace() and text[end] != ")":
        raise QueryError("text stands directly after the closing quotes", end, "a blank")


def _run(text: str, at: int, *, regex: bool = False) -> int:
    """The end of an unquoted run: a blank, or a parenthesis that closes none of its own."""
    depth = 0
    inside = False
    while at < len(text) and not text[at].isspace():
        character = text[at]
        if regex and character == "\\":
            at += 1
        elif regex and inside:
            inside = character != "]"
        elif regex and character == "[":
            inside = True
        elif character == "(":
            depth += 1
        elif character == ")":
            if depth == 0:
                break
            depth -= 1
        at += 1
    return min(at, len(text))
