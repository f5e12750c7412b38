"""Tokens become a query: terms are AND, `OR` binds weaker, `-` negates, parentheses group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from pake_tui.query.errors import QueryError
from pake_tui.query.lexer import Kind, Token, tokens
from pake_tui.query.nodes import And, Node, Not, Or
from pake_tui.query.result import Query
from pake_tui.query.terms import Meaning, node_of
from pake_tui.records.aliases import CORRELATION_IDS

DEEPEST = 40
MOST_TERMS = 500
A_TERM = 'a term: a word, "a phrase", name:value, level>=warning, ~regex or -term'


def parse(text: str, *, now_ns: int, zone: tzinfo = UTC, aliases: Sequence[str] = CORRELATION_IDS) -> Query:
    """The query that a text spells; an empty one matches everything. QueryError.

    `now_ns` (UTC) and `zone` give since:, until: and at: their meaning; `aliases` name correlation IDs.
    """
    found = list(tokens(text))
    terms = [token for token in found if token.piece is not None]
    if len(terms) > MOST_TERMS:
        raise QueryError("the query has too many terms", terms[MOST_TERMS].at, f"at most {MOST_TERMS}")
    root = _Parser(found, len(text), Meaning(now_ns, zone)).whole() if found else None
    return Query(root, tuple(aliases))


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, found: list[Token], length: int, meaning: Meaning) -> None:
        self._tokens = found
        self._length = length
        self._meaning = meaning
        self._at = 0

    def whole(self) -> Node:
        node = self._either(0)
        if (token := self._peek()) is not None:
            raise QueryError("this ) closes nothing", token.at, A_TERM)
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _either(self, depth: int) -> Node:
        branches = [self._all(depth)]
        while (token := self._peek()) is not None and token.kind is Kind.OR:
            self._at += 1
            branches.append(self._all(depth))
        if len(branches) == 1:
            return branches[0]
        return Or(
            tuple(inner for one in branches for inner in (one.terms if isinstance(one, Or) else (one,)))
        )

    def _all(self, depth: int) -> Node:
        terms = [self._one(depth)]
        while (token := self._peek()) is not None and token.kind not in (Kind.OR, Kind.CLOSE):
            self._at += token.kind is Kind.AND
            terms.append(self._one(depth))
        if len(terms) == 1:
            return terms[0]
        return And(tuple(inner for one in terms for inner in (one.terms if isinstance(one, And) else (one,))))

    def _one(self, depth: int) -> Node:
        token = self._peek()
        if token is None or token.kind in (Kind.OR, Kind.AND, Kind.CLOSE):
            place = self._length if token is None else token.at
            what = (
                "a term is missing at the end"
                if token is None
                else f"a term is missing before {token.kind.value}"
            )
            raise QueryError(what, place, A_TERM)
        self._at += 1
        if token.kind is Kind.NOT:
            return Not(self._one(depth))
        if token.kind is not Kind.OPEN:
            return node_of(token, self._meaning)
        if depth >= DEEPEST:
            raise QueryError("parentheses are nested too deeply", token.at, f"at most {DEEPEST} levels")
        inner = self._either(depth + 1)
        closing = self._peek()
        if closing is None:
            raise QueryError("this ( is not closed", token.at, "a closing )")
        self._at += 1
        return inner
