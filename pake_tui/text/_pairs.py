"""Secrets told by their key: `k=v`, JSON, queries, headers, flags, XML, argv lists, name/value pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pake_tui.text._keyed import DIGITS, digits_under, is_secret, value_under
from pake_tui.text._keys import CODE, NONE, PASSWORD, PIN, SECRET, Kind, kind_of
from pake_tui.text._names import KindOf, kind_at, name_span, places
from pake_tui.text._values import (
    MASK,
    QUOTE,
    Masked,
    bare_end,
    forget_run,
    is_dense,
    is_mixed,
    is_path,
    is_placeholder,
    is_word,
    looks_random,
    outer_end,
    quote_at,
    quoted_end,
)
from pake_tui.text.late import late

_BLANK = r"[ \t]|\\{1,2}t"
_CODED_BLANK = r"%(?:25){0,3}(?:20|09)|\+"
_SEPARATOR = late(
    rf"(?:\[\w{{0,20}}\]|\]|%5[Dd])?({QUOTE})?(?:\]|%5[Dd])?(?:{_BLANK}){{0,32}}"
    rf"(=>|(?<=[ \t])(?:->|<-)(?=[ \t])"
    rf"|(?::{{0,3}}|\?{{0,2}}|[+.])={{1,3}}|!={{1,2}}(?=[ \t]{{0,4}}[\"'`])|:(?!:)"
    rf"|(?:{_CODED_BLANK}){{0,4}}%(?:25){{0,3}}3[AaDd](?:{_CODED_BLANK}){{0,4}})"
    rf"(?:{_BLANK}){{0,32}}(?:\\n)?"
)
_PID = late(r"\[(\d{1,8})\]: ")
_PAM = late(r"\bpam_\w{1,24}\($")
_PHP = late(rf"{QUOTE};s:\d{{1,6}}:(?={QUOTE})")
_QUERY_LINE = late(r"\w{1,64}=[^&\s]{1,8192}&\w{1,64}=")
_EMPTY = late(r"[\w.\-]{1,64}=|--?[A-Za-z]")
_NAME_OF_TWO = late(rf":(\w{{1,40}})(?={QUOTE}\s{{0,4}}[:=])")
_ARN = late(r"\barn:[\w-]{0,20}:[\w-]{1,30}:[\w-]{0,30}:\d{0,14}:$")
_XML_OPEN = late(r"(?<![\w.])<(?:[\w-]{1,32}:)?$")
_XML_REST = late(r"(?:\s[^<>\n]{0,300})?>(?:<!\[CDATA\[)?")
_XML_NAMED = late(
    r"\s{0,8}</[\w:.-]{1,64}>\s{0,80}<(?:[\w-]{1,32}:)?(?:[Vv]alue|val|string|String|text|data)(?:\s[^<>]{0,80})?>"
)
_YAML_NAMED = late(r"[\"']?\s{0,4}\n\s{0,80}value:[ \t]{1,8}")
_YAML_NAME = late(r"\b(?:name|key):[ \t]{1,8}[\"']?$")
_FLAG_VALUE = late(rf"(?:{QUOTE})?(?:,\s{{0,64}}|[ \t]{{1,4}}(?:\\\r?\n[ \t]{{0,40}})?)(?=[^\s\-=\\])")
_TYPE = late(
    r"(?:string|str|text|value|file|path|is|was|requires|required|must|can|cannot|may|and|or|for)(?!\S)"
)
"""What stands behind a flag in a usage text or a message about it."""
_VALUE_KEY = r"(?:(?:[Pp]arameter)?[Vv]alue|val|content|data|text|v|new|old|before|after)"
_NAMED = late(
    rf"({QUOTE})(?:\s{{0,4}},\s{{0,64}}(?:{QUOTE}[\w-]{{1,32}}{QUOTE}\s{{0,4}}:\s{{0,4}}(?:{QUOTE}[^\"'\\]{{0,64}}{QUOTE}"
    rf"|[\w.]{{1,20}})\s{{0,4}},\s{{0,64}}){{0,2}}|\s{{1,4}})(?:{QUOTE})?{_VALUE_KEY}(?:{QUOTE})?\s{{0,4}}[:=]\s{{0,4}}"
)
_NAME_KEY_BEFORE = late(
    rf"(?i)(?:{QUOTE})?(?:name|(?:parameter)?key|field|header|k|id|parameter|variable)(?:{QUOTE})?\s{{0,4}}[:=]"
    rf"\s{{0,4}}{QUOTE}$"
)
_VALUE_BEFORE = late(
    r'(\\{0,8}")(?:value|val|v)\1\s{0,4}:\s{0,4}\1((?:[^"\\]|\\[^"\\]){1,256})\1\s{0,4},\s{0,64}'
    r"\1(?:name|key|field|header|k)\1\s{0,4}:\s{0,4}\1$"
)
_TAG_TEXT = late(rf"{QUOTE}\s{{0,4}}>(?=[^<\s])")
_PAIR = late(rf"{QUOTE},\s{{0,4}}(?=[bu]?{QUOTE})")
_PAIR_BEFORE = late(rf"[(\[]\s{{0,2}}[bu]?{QUOTE}$")
_PAIRS_BEFORE = late(rf"[(\[,]\s{{0,2}}[(\[]\s{{0,2}}[bu]?{QUOTE}$")
_MULTIPART = late(rf"{QUOTE}(?:;[^\n\\]{{0,120}})?(?:(?:\r?\n){{2}}|(?:(?:\\{{1,8}}r)?\\{{1,8}}n){{2}})")
_CALL = late(rf"\(\s{{0,4}}(?={QUOTE})|[ ]{{1,4}}(?=[\"'])")
_HEX = late(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{32,128}(?:-us\d\d?)?")
_HAPPENED_TO = "is|was|generated|created|provided|received|supplied|used|rejected"
_HAPPENED = frozenset(_HAPPENED_TO.split("|"))
_WHOSE = late(
    rf"(?:\s(?:for|of|to|user|account|proceed|installation|{_HAPPENED_TO}"
    r"|[\w.@\\-]{1,64}(?=\s(?:is|was)\b|:))){1,6}:"
    r"\s{1,4}(?=\S)"
)
_OWNED = late(
    r"\s(?:for|of)\s(?:(?:the|your|user|account|client|role|service|database)\s){0,2}[\w.@\\-]{1,64}"
    r"(?:\s(?:is|was|has been)(?=\s(?:(?:re)?set|changed|updated)\sto\s)"
    r"|(?=\s(?:is|was|(?:re)?set|changed|updated)\s))"
)
"""Whose password it is, in a sentence that goes on to say it."""
_PROSE = late(
    r"(?:\s{1,4}(?:is|was|set to|changed to|reset to|updated to|=|to|of|with))?\s{0,3}:?\s{1,4}"
    r"(?:now\s|as\s)?(?=\S)"
)
_PLAIN_WORD = late(r"[A-Za-z]{1,32}[ \t]")
"""What is no secret in a sentence, whatever the sentence says."""
_SAID = late(
    r"(?i)\b(?:(?:chang|reset|sett?|updat)(?:e|ed|ing)? (?:the |your |his |her )?"
    r"|(?:with|using|tried|trying) )$"
)
"""What before it makes a random word behind it a password: `changed password to X`, `tried password X`."""
_SAYS = late(r"\s{1,4}(?:is|was|(?:set|changed|reset|updated) to)\b")


def _after_quote(kind: Kind, text: str, start: int, end: int) -> Masked | None:
    """Keys that are values themselves: name/value objects, pairs in lists, form parts, tags."""
    before = text[max(0, start - 60) : start]
    if (found := _NAMED.match(text, end)) and _NAME_KEY_BEFORE.search(before):
        return value_under(kind, "", text, found.end(), ":", found[1], False)
    if found := _PHP.match(text, end):
        return value_under(kind, "", text, found.end(), "=", "", False)
    if found := _MULTIPART.match(text, end):
        return _unless_none(text, found.end(), bare_end(text, found.end()))
    if (found := _TAG_TEXT.match(text, end)) and _NAME_KEY_BEFORE.search(before):
        stop = text.find("<", found.end())
        return _unless_none(text, found.end(), len(text) if stop < 0 else stop)
    if (found := _PAIR.match(text, end)) and _PAIR_BEFORE.search(before[-12:]):
        value = value_under(kind, "", text, found.end(), ",", "", False)
        if value is None or (is_word(text[value[0] : value[1]]) and not _PAIRS_BEFORE.search(before[-20:])):
            return None
        return value if text[value[1] :].lstrip("\\\"' ")[:1] in (")", "]", "") else None
    return None


def _unless_none(text: str, at: int, stop: int) -> Masked | None:
    return None if is_placeholder(text[at:stop]) else (at, stop, MASK)


def _element(kind: Kind, name: str, text: str, at: int, data: bool) -> Masked | None:
    """What stands in an XML element of a telling name, up to the end of what is quoted around it."""
    stop = text.find("]]>" if data else "<", at)
    if stop < 0:
        stop = outer_end(text, at)
        if any(c.isspace() for c in text[at:stop]):
            return None  # no element: `usage: <token> and more`
    elif not data and text[stop + 1 : stop + 2] != "/":
        return None
    value = text[at:stop]
    if kind in DIGITS:
        found = digits_under(kind, text, at, False)
        return found if found and found[1] <= stop else None
    known = any(c.isalnum() for c in value) and is_secret(kind, name, value.strip(), True, "<", False, True)
    return (at, stop, MASK) if known else None


def _owners(kind: Kind, text: str, start: int, end: int, found: re.Match[str]) -> Masked | None:
    """What stands behind `password for bob:` and `API key provided:`, where it looks like one."""
    last = found[0].rstrip(": ").rpartition(" ")[2]
    if last not in _HAPPENED and kind_of(f"{text[start:end]}_{last}") is NONE:
        return None
    stop = bare_end(text, found.end())
    value = text[found.end() : stop]
    known = looks_random(value) and not is_path(value) and stop == outer_end(text, stop)
    known = known and (len(value) >= 8 if kind is PASSWORD else len(value) >= 20 and is_dense(value))
    return (found.end(), stop, MASK) if known else None


def _without_separator(kind: Kind, text: str, start: int, end: int) -> Masked | None:
    """A flag's value, a quoted value behind a password word, or what a sentence says the password is."""
    if text[start] == "-" and (found := _FLAG_VALUE.match(text, end)):
        if text.startswith(("--ask-", "--no-", "--prompt-"), start) or "$" in text[start:end]:
            return None
        if _TYPE.match(text, found.end()):
            return None
        return value_under(
            SECRET if kind is PASSWORD else kind, text[start:end], text, found.end(), " ", "", True
        )
    if kind in DIGITS:
        stop = end + 1 if text[end : end + 1] == " " else end
        return digits_under(kind, text, stop, True) if stop > end and kind is not PIN else None
    if kind is PASSWORD and (found := _CALL.match(text, end)):
        return value_under(kind, text[start:end], text, found.end(), " ", "", False)
    if kind in (PASSWORD, SECRET) and (found := _WHOSE.match(text, end)):
        return _owners(kind, text, start, end, found)
    name = text[start:end]
    if kind in (PASSWORD, SECRET) and (owned := _OWNED.match(text, end)):
        end = owned.end()
    if kind not in (PASSWORD, SECRET, CODE) or not (found := _PROSE.match(text, end)):
        return None
    at = found.end()
    if _PLAIN_WORD.match(text, at):
        return None
    said = _SAYS.match(text, end) is not None or text[end] == "\t"
    said = said or _SAID.search(text[max(0, start - 40) : start]) is not None
    quote = quote_at(text, at)
    stop = quoted_end(text, at + 1, quote) if quote else bare_end(text, at)
    value = text[at + len(quote) : stop].rstrip(".")
    if kind is CODE:
        secret = value.isdigit() and 4 <= len(value) <= 8
    else:
        secret = (
            (said and looks_random(value))
            or (kind is PASSWORD and is_mixed(value))
            or ("_" in name and name.isupper() and looks_random(value))
            or (kind is SECRET and _HEX.fullmatch(value) is not None)
            or (kind is SECRET and len(value) >= 20 and is_dense(value))
        )
    return (
        (at + len(quote), at + len(quote) + len(value), MASK)
        if secret and not is_placeholder(value, in_sentence=True)
        else None
    )


def _is_program(text: str, start: int, end: int) -> bool:
    """Whether a name is a program's or a service's in a log's header: `passwd[12]:`, `pam_unix(passwd:auth)`,
    `gdm-password]:`; or that of a doubled key.
    """
    sign = text[end : end + 1]
    if sign == "]":
        return text[start - 1 : start] != "["
    if sign == "[":
        found = _PID.match(text, end)
        return found is not None and (len(found[1]) > 1 or text.startswith("-password", end - 9))
    if sign == ":":
        if text[max(0, start - 4) : end] == "dup key":
            return True
        return text[start - 1 : start] == "(" and _PAM.search(text[max(0, start - 30) : start]) is not None
    return False


def _found(text: str, start: int, end: int, kind_of: KindOf) -> Masked | None:
    kind, after = kind_at(text, start, end, kind_of)
    if text[end : end + 1] == ":" and (two := _NAME_OF_TWO.match(text, end)):
        kind, after = kind_of(f"{text[start:end]}_{two[1]}"), two.end()
    sign = text[start - 1] if start else ""
    if kind is NONE or text[max(0, start - 2) : start] == "${" or _is_program(text, start, end):
        return None
    if (
        sign in ("<", ":")
        and _XML_OPEN.search(text[max(0, start - 35) : start])
        and (found := _XML_REST.match(text, end))
    ):
        return _element(kind, text[start:end], text, found.end(), found[0].endswith("["))
    if sign == ">" and (found := _XML_NAMED.match(text, end)):
        return _element(kind, "", text, found.end(), False)
    if (
        "\n" in text[end : end + 8]
        and (found := _YAML_NAMED.match(text, end))
        and _YAML_NAME.search(text[max(0, start - 20) : start])
    ):
        return value_under(kind, "", text, found.end(), "=", "", False)
    if sign == ":" and _ARN.search(text[max(0, start - 120) : start]):
        return None
    if text[max(0, start - 4) : start] == "&lt;" and text.startswith("&gt;", end):
        return _unless_none(text, end + 4, max(end + 4, text.find("&lt;", end)))
    if sign == "`" and text.startswith("='", end):
        return None  # `password=', as Ruby names a method
    if found := _SEPARATOR.match(text, after):
        blank = text[found.end() - 1] in " \t" and text[found.start(2) - 1] not in " \t"
        if found[2] == "=" and blank and _EMPTY.match(text, found.end()):
            return None  # `password= user=bob`: nothing is given
        query = sign in ("?", "&", "%") or text.startswith("&amp;", max(0, start - 5))
        query = query or (not sign.strip() and _QUERY_LINE.match(text, start) is not None)
        separator = "%" if "%" in found[2] else found[2]
        return value_under(kind, text[start:end], text, found.end(), separator, found[1] or "", query)
    if sign in ('"', "'", "`", "\\", ";", "2") and quote_at(text, end):
        if reverse := _VALUE_BEFORE.search(text[max(0, start - 400) : start]):
            shift = max(0, start - 400)
            return _unless_none(text, shift + reverse.start(2), shift + reverse.end(2))
        return _after_quote(kind, text, start, end) or (
            _without_separator(kind, text, start, end) if text[start] == "-" else None
        )
    return _without_separator(kind, text, start, after)


def mask_pairs(text: str, stems: Iterable[str], kind_of: KindOf = kind_of) -> str:
    """The text with every value under a secret's key masked; `stems` are what the gate saw in its words."""
    pieces: list[str] = []
    done = seen = 0
    for place in places(text, stems):
        if place < seen:
            continue
        start, end = name_span(text, place)
        seen = max(end, place + 1)
        masked = _found(text, max(start, done), end, kind_of) if end > place else None
        if masked is None or masked[0] < done:
            continue
        at, stop, shown = masked
        pieces += [text[done:at], shown]
        done = stop
        seen = max(seen, stop)
    forget_run()
    return "".join((*pieces, text[done:])) if pieces else text
