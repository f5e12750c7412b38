"""Where a value ends, and whether it is a secret: quoted at any depth, bare, bracketed, a placeholder."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pake_tui.text._keys import CREDENTIALS, PASSWORD, Kind, word_set
from pake_tui.text.late import late

MASK = "********"
QUOTE = r"""(?:\\{0,64}["'`]|&quot;|&#3[49];|%(?:25){0,3}2[27]|\\{1,8}u00(?:22|27))"""
Masked = tuple[int, int, str]
"""Where a value starts and ends, and what stands there instead."""
_QUOTE = late(QUOTE)
_PREFIX = late(r"""(?:string\(\d{1,6}\)\s|[bBuUrRfFlLnN@$]{1,2}(?=["']))?""")
_STOP = late(r"""[\s"'`&,;|<\\%]""")
_NEXT_PAIR = late(r"""[\w.\-\[\]]{1,64}\s?[=:]|["'{}\[\])(]|\s|$""")
_NEXT_SETTING = late(r"""[\w .\-]{1,64}=|["'})\]]|\s|$""")
_NEXT_PARAMETER = late(r"""[\w.\-\[\]%]{1,64}=|amp;|[&"'\s)>\]]|$""")
_PERCENT_STOP = late(r"%(?:25){0,3}(?:26|22|27|3[Bb]|20|0[AaDd])")
_ANY_QUOTE = late(r"""(\\{0,8}["'])|\\{1,8}[nr]""")
_DOUBLED = late(r"''\w")
"""A quote within a quoted value, as SQL writes it."""
_CLOSED = late(r"\s{0,4}(?:[,}\])]|$)")
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}

_PLACEHOLDER = late(
    r"""(?ix)
    \*+ | x{3,} | -+ | \.{3} | •+ | \u2026
    | \[[a-z _]*(?:filtered|redacted|masked|hidden|removed|scrubbed)[a-z _]*\] | redacted[a-z _]*
    | <[^<>]*> | \$\{.* | \$\(.* | \{\{.* | %\(\w+\)s | %[\w-]+% | \(null\) | \(none\)
    | !(?:vault|secret|ref|sub|getatt|importvalue|env|include|input|encrypted)\b.* | @@\w+@@ | <%.* | env\[.*
    | \? | \$\d{1,3} | :[a-z_]\w{0,40} | \[\]? | \{\}? | \(\)? | \{\d*\} | %[sdvq] | \[object\b.*
    | (?:self|this|os|process|request|config|settings|args|options|kwargs|params|env|system
      |ctx|var|local|module|data|each|secrets|vars|inputs|values|vault)\.[\w.]{1,80}(?:[\[(].*)?
    | (?:get|load|read|fetch|generate|make|create|decrypt|require)\w{0,40}\([^()]{0,80}\)?
    """
)
_PLACEHOLDER_CASED = late(
    r"\$[A-Z_][A-Z0-9_]*|0x[0-9a-f]{1,16}|[A-Z][A-Za-z.$]{2,80}\{(?:[0-9a-f]{5,8}\b|\w{1,40}[=:]|\}).*"
    r"|(?:[a-z]\w{0,40}\.){1,12}[A-Z][\w$]{0,80}@[0-9a-f]{5,8}|\[[BCI]@[0-9a-f]{5,8}"
)
_WORDS = word_set(
    "yes no true false null none nil undefined required optional expired invalid missing empty unset ok "
    "denied granted n/a na on off redacted masked filtered hidden"
)
_SENTENCE_WORDS = word_set(
    "set okay success successful failed failure fail error allowed accepted rejected incorrect wrong "
    "mismatch mismatched unknown unauthorized valid verified unverified enabled disabled changed updated "
    "reset given provided not is was are must cannot should may for from in of the an to and or at by "
    "with has have this that user password length too bearer basic unexpected available unavailable "
    "revoked refreshed rotated created deleted issued found supplied absent present default "
    "str string int bool bytes"
)
_PATH = late(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.\-/\\ ]{1,255}")
_DIGIT, _LETTER = late(r"[0-9]"), late(r"[A-Za-z]")
_JUDGED, _MATCHED, _LONG_RUN = 256, 4096, 256
"""By so much of its beginning a value is judged, and by so much of its end the bracket that closes it: its
length is no reason to look at it for long.
"""
_run: tuple[str, bool, int, int] = ("", False, 0, 0)
"""Where the last long run without a stop began in which text, encoded or not, and where it ends."""
_RANDOM_SIGNS = late(r"[^\w\s.,:;/()\-\[\]{}'\"<>=]")


def is_placeholder(value: str, in_sentence: bool = False) -> bool:
    """Whether a value is no secret: empty, masked already, a variable, a yes or no.

    With `in_sentence` it stands bare behind a colon, where `password: incorrect` is a sentence.
    """
    if not value or value == MASK:
        return True
    if len(value) > 256:
        return False
    if "***" in value and not any(c.isalnum() for c in value):
        return True
    if "%" in value and _PLACEHOLDER.fullmatch(unquote(value)):
        return True
    stripped = value.strip(" .,:;!").lower()
    return (
        not stripped
        or stripped in _WORDS
        or (in_sentence and stripped in _SENTENCE_WORDS)
        or _PLACEHOLDER.fullmatch(value) is not None
        or _PLACEHOLDER_CASED.fullmatch(value) is not None
    )


def is_path(value: str) -> bool:
    """Whether a value is a file's path rather than a secret that begins with a slash."""
    return value == "/" or (
        _PATH.fullmatch(value) is not None
        and (value.count("/") > 1 or "." in value or "\\" in value or len(value) < 20)
    )


def has_digit(value: str) -> bool:
    """Whether a value has a digit near its beginning."""
    head = value[:_JUDGED]
    return _DIGIT.search(head) is not None if head.isascii() else any(map(str.isdigit, head))


def has_letter(value: str) -> bool:
    """Whether a value has a letter near its beginning."""
    head = value[:_JUDGED]
    return _LETTER.search(head) is not None if head.isascii() else any(map(str.isalpha, head))


_FETCH_OPTIONS = frozenset({"include", "omit", "same-origin"})


def is_option(kind: Kind, value: str) -> bool:
    """Whether a value says how secrets are dealt with: `credentials: include`, `proxy_pass http://…`."""
    if kind is CREDENTIALS:
        return value in _FETCH_OPTIONS
    return kind is PASSWORD and value.startswith(("http://", "https://")) and "@" not in value


def looks_random(value: str) -> bool:
    """Whether a value is long and mixed enough to be a secret nobody wrote as a word, and not masked yet."""
    value = value[:_JUDGED]
    if "***" in value:
        return False
    digit, letter = has_digit(value), has_letter(value)
    if digit and letter:
        return len(value) >= 6
    return len(value) >= 6 and (digit or letter) and _RANDOM_SIGNS.search(value) is not None


def is_word(value: str) -> bool:
    """Whether small letters alone make it up, as in a list of words."""
    return value.isalpha() and value.islower()


def is_mixed(value: str) -> bool:
    """Whether letters stand with digits and with a sign, as in a good password."""
    return (
        len(value) >= 6
        and "***" not in value
        and has_digit(value)
        and has_letter(value)
        and _RANDOM_SIGNS.search(value) is not None
    )


def is_dense(value: str) -> bool:
    """Whether capitals, small letters and digits alone make it up, as generated tokens are."""
    return (
        value.isalnum()
        and has_digit(value)
        and any(c.isupper() for c in value)
        and any(c.islower() for c in value)
    )


def skip_prefix(text: str, at: int) -> int:
    """Past what some languages write before a quoted value: `b"`, `string(6) "`."""
    found = _PREFIX.match(text, at)
    return found.end() if found else at


def quote_at(text: str, at: int) -> str:
    """The quote that opens here with its backslashes, or an encoded one; empty where none does."""
    found = _QUOTE.match(text, at)
    return found[0] if found else ""


def line_end(text: str, at: int) -> int:
    """Where this line ends."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def outer_end(text: str, at: int) -> int:
    """Where a value of several words ends: with its line, or with the quoted text that it stands in. What it
    quotes itself stands behind `=`.
    """
    limit = line_end(text, at)
    place = at
    while found := _ANY_QUOTE.search(text, place, limit):
        if found[1] is None:
            return found.start()
        if text[found.start() - 1] == "=":
            close = text.find(found[1], found.end(), limit)
            place = limit if close < 0 else close + len(found[1])
        elif _CLOSED.match(text, found.end(), limit):
            return found.start()
        else:
            place = found.end()
    return limit


def quoted_end(text: str, at: int, quote: str) -> int:
    """Where the content that starts at `at` ends: before the same quote at the same backslash depth.

    Backslashes double at each level of nesting, so one more level's quote has 2n+1 of them and an escaped
    backslash takes 2(n+1). Without such a quote the content ends with the line.
    """
    limit = line_end(text, at)
    sign, depth = quote[-1], len(quote) - 1
    if sign not in "\"'`":
        end = text.find(quote, at, limit)
        return limit if end < 0 else end
    found = text.find(sign, at, limit)
    while found >= 0:
        if sign == "'" and not depth and found > at and _DOUBLED.match(text, found):
            found = text.find(sign, found + 2, limit)
            continue
        slashes = 0
        while found - slashes > at and text[found - slashes - 1] == "\\":
            slashes += 1
        if slashes <= depth or (slashes - depth) % (2 * (depth + 1)) == 0:
            return found - min(slashes, depth)
        found = text.find(sign, found + 1, limit)
    return limit


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ",;":
        end -= 1
    near = max(start, end - _MATCHED)
    while end > start + 1 and (opener := _CLOSERS.get(text[end - 1])):
        if text.count(opener, near, end) >= text.count(text[end - 1], near, end):
            break
        end -= 1
    return end


def bare_end(text: str, at: int, encoded: bool = False) -> int:
    """Where an unquoted value ends: at a blank, a quote that closes, or a separator before another pair."""
    global _run
    known, was_encoded, begin, stop = _run
    # Where key stands behind key in one long run, it ends for all of them at the same place.
    if known is not text or was_encoded is not encoded or not begin < at < stop or text[at] in "\"'`":
        stop = _stop(text, at, encoded)
        if stop - at > _LONG_RUN:
            _run = (text, encoded, at, stop)
    return _trim(text, at, stop)


def forget_run() -> None:
    """Keep no text in memory that was looked at."""
    global _run
    _run = ("", False, 0, 0)


def _stop(text: str, at: int, encoded: bool) -> int:
    """As `bare_end`, with the closing brackets and separators that end it."""
    place = at
    while found := _STOP.search(text, place):
        here, sign = found.start(), found[0]
        after = here + 1
        if sign.isspace():
            return here
        if sign in "\"'`":
            stop = not (text[after : after + 1].isalnum() and here > at)
        elif sign == "&":
            stop = _NEXT_PARAMETER.match(text, after) is not None
        elif sign == ";":
            stop = _NEXT_SETTING.match(text, after) is not None
        elif sign in ",|":
            stop = _NEXT_PAIR.match(text, after) is not None
        elif sign == "<":
            stop = text[after : after + 1] == "/"
        elif sign == "%":
            stop = encoded and _PERCENT_STOP.match(text, here) is not None
        else:
            while text[after : after + 1] == "\\":
                after += 1
            stop = text[after : after + 1] in ("n", "r", '"', "'", "`") or text.startswith(
                ("u0022", "u0026"), after
            )
        if stop:
            return here
        place = after
    return len(text)


def is_structure(text: str, at: int) -> bool:
    """Whether a JSON-like dict or list begins here."""
    return re.match(r"""[{\[]\s{0,64}(?:\\{0,64}["'\d{\[]|\w{1,40}[=:])""", text[at : at + 120]) is not None


_LEAF = late(r"""(?P<sign>[{}\[\]\n])|(?P<quote>\\{0,64}["'])|[^\s,{}\[\]:=\\"'()]+""")
_OPEN_ENDS = (",", "{", "[", "(", ":")
_CLOSES = late(r"\n[ \t]{0,64}[}\])]")
_KEY_FOLLOWS = late(r"\s{0,4}(?::|=>?)")


def masked_leaves(text: str, at: int) -> tuple[str, int]:
    """The dict or list that begins here with every leaf masked, and where it ends: at worst with its line."""
    pieces: list[str] = []
    done, place, depth = at, at, 0
    while found := _LEAF.search(text, place):
        start, place = found.start(), found.end()
        if sign := found["sign"]:
            if sign == "\n":
                before = text[max(at, start - 2) : start].rstrip("\r")
                if before.endswith(_OPEN_ENDS) or _CLOSES.match(text, start):
                    continue
                place = start
                break
            depth += 1 if sign in "{[" else -1
            if depth == 0:
                break
            continue
        end = place
        if quote := found["quote"]:
            start = place
            end = quoted_end(text, start, quote)
            place = min(end + len(quote), len(text))
        if not _KEY_FOLLOWS.match(text, place) and not is_placeholder(text[start:end]):
            pieces += [text[done:start], MASK]
            done = end
    else:
        place = len(text)
    return "".join((*pieces, text[done:place])), place
