"""What stands under a key that tells a secret: digits, headers, structures, quoted and bare values."""

from __future__ import annotations

from pake_tui.text import _numbers
from pake_tui.text._headers import header
from pake_tui.text._keys import (
    AUTHORIZATION,
    CARD,
    CODE,
    COOKIE,
    CREDENTIALS,
    PASSWORD,
    PHONE,
    PHRASE,
    PIN,
    PLURAL,
    QUERY,
    SECRET,
    SSN,
    WEAK,
    Kind,
)
from pake_tui.text._values import (
    MASK,
    Masked,
    bare_end,
    has_digit,
    is_option,
    is_path,
    is_placeholder,
    is_structure,
    line_end,
    looks_random,
    masked_leaves,
    outer_end,
    quote_at,
    quoted_end,
    skip_prefix,
)
from pake_tui.text.late import late

_CODED_STRUCTURE = late(r"%(?:25){0,3}[75][Bb](?!%(?:25){0,3}[75][Dd]|FILTERED|filtered|REDACTED|redacted)")
_ARCHITECTURES = frozenset({"amd64", "arm64", "armhf", "i386", "all", "any"})
"""Behind a package's name, as in `python3-jwt:amd64`."""
_VERSION = late(r"[\^~<>=v ]{0,4}\d{1,4}(?:\.(?:\d{1,6}|x|\*)){1,3}(?:[-.+][A-Za-z][\w.]{0,24})?")
_COUNT = late(r"\d{1,3}|\d{1,9}\.\d{1,9}[a-z%]{0,2}|\d{1,9}(?:ms|s|us|ns|kB|MB)")
_BLOCK = late(r"[|>][+-]?\d?[ \t]{0,4}\r?\n([ \t]{1,64})(?=[^\s\-])")
"""A YAML block: its lines are those that are indented as the first one is."""
DIGITS = {
    CARD: late(r"\d(?:(?:[ .\-+]|%20)?\d){11,18}(?![\w*])"),
    SSN: late(r"\d{3}[ .\-]?\d\d[ .\-]?\d{4}(?![\w*])"),
    PHONE: late(r"(?:\+|%2[Bb]|00)?[ ]?\(?\d(?:[ .\-()/]{0,2}\d){6,14}(?![\w*])"),
    PIN: late(r"\d{4,8}(?![\w.\-/:])"),
}


def digits_under(kind: Kind, text: str, at: int, loose: bool) -> Masked | None:
    """Digits under a key that says what they are; with `loose` only a blank stands between."""
    found = DIGITS[kind].match(text, at)
    if not found:
        return None
    value = found[0]
    digits = _numbers.digits_of(value)
    if kind is PIN:
        return (at, found.end(), MASK)
    if kind is PHONE:
        return None if loose and len(digits) < 10 else (at, found.end(), _numbers.phone_mask(value))
    shown = _numbers.card_mask(digits) if kind is CARD else _numbers.ssn_mask(digits)
    return (at, found.end(), shown)


def is_secret(
    kind: Kind, name: str, value: str, quoted: bool, separator: str, query: bool, keyed: bool
) -> bool:
    """Whether a value is what its key says: no placeholder, no count, no word of a sentence."""
    if is_placeholder(value, in_sentence=separator == ":" and not quoted and not keyed):
        return False
    if kind is WEAK:
        return looks_random(value) or (query and not value.isdigit())
    if kind is QUERY:
        return query and len(value) >= 16 and looks_random(value)
    if kind is CODE:
        return has_digit(value) and (len(value) >= 6 or (value.isdigit() and len(value) >= 3))
    if is_option(kind, value) or (separator == ":" and value in _ARCHITECTURES):
        return False
    if kind is PLURAL or ("." in name and name.endswith(f".{value}")):
        return False
    if value.isalpha() and value.isupper() and value.lower() in name.lower():
        return False  # `--token TOKEN`, as usage texts have it
    if kind is SECRET and _VERSION.fullmatch(value):
        return False
    bare = not quoted and not keyed and separator in (":", "=>")
    if kind is SECRET and bare and _COUNT.fullmatch(value):
        return False
    if kind is SECRET and not quoted and separator == ":" and value.isalpha() and len(value) < 20:
        # `jwt: malformed` is a sentence, `Token: Token {…}` an object that names its class.
        return keyed or not (value.islower() or value.isupper() or name.lower().endswith(value.lower()))
    if kind is CREDENTIALS and not quoted and separator == ":":
        return looks_random(value)
    if kind is not PASSWORD or name.lower() in ("pwd", "oldpwd"):
        return not is_path(value)
    return True


def _is_line(name: str, text: str, at: int, end: int) -> bool:
    """Whether a name of several words and its value are a line of their own, as in YAML and headers."""
    begins = text.rfind("\n", 0, at) + 1
    compound = "_" in name or "-" in name
    return compound and text[begins:at].lstrip(" -").startswith(name) and end == line_end(text, end)


def value_under(
    kind: Kind, name: str, text: str, at: int, separator: str, keyed: str, query: bool
) -> Masked | None:
    """The value that begins at `at`, if it is to be masked. `keyed` is the quote that closed its key."""
    if separator == ":" and text[at : at + 1] in ("|", ">") and (block := _BLOCK.match(text, at)):
        end = line_end(text, block.end())
        while text.startswith(block[1], end + 1):
            end = line_end(text, end + 1)
        return (block.end(), end, MASK)
    at = skip_prefix(text, at)
    quote = quote_at(text, at)
    if kind in DIGITS:
        return digits_under(kind, text, at + len(quote), separator == " ")
    if text.startswith("{{", at):
        return None
    if separator == "%" and _CODED_STRUCTURE.match(text, at):
        return (at, bare_end(text, at), MASK)
    if kind is QUERY and not query and text[at : at + 1] not in ("{", "["):
        return None
    start = at + len(quote)
    if kind in (COOKIE, AUTHORIZATION) and not is_structure(text, at):
        return header(kind, text, start, quote, separator)
    if quote:
        end = quoted_end(text, start, quote)
    elif is_structure(text, at):
        leaves, end = masked_leaves(text, at)
        return (at, end, leaves)
    elif kind is PHRASE and separator == ":":
        end = outer_end(text, at)
    else:
        end = bare_end(text, at, "%" in separator)
        if kind is CREDENTIALS and text[at : at + 1] in "[{(":
            return None
    value = text[start:end]
    if value.startswith(MASK):
        return None
    whole = bool(keyed) or (separator == ":" and not quote and _is_line(name, text, at, end))
    if not is_secret(kind, name, value, bool(quote), separator, query, whole):
        return None
    number = keyed and not quote and separator == ":" and value.lstrip("-").replace(".", "", 1).isdigit()
    return (start, end, f"{keyed}{MASK}{keyed}" if number else MASK)
