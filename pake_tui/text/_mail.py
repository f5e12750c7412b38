"""E-mail addresses, looked for from each `@` outwards: `j***@example.com`."""

from __future__ import annotations

import re

from pake_tui.text._keys import word_set

_LOCAL_SIGNS = frozenset("._+%-'")
_DOMAIN = re.compile(r"[^\W_](?:[\w-]{0,62}[^\W_])?(?:\.[^\W_](?:[\w-]{0,62}[^\W_])?){1,8}")
_NOT_TLD = word_set(
    "service socket target timer mount automount slice scope device path swap png jpg jpeg gif svg webp "
    "ico js mjs css map html htm ts tsx jsx json md txt py rb java class jar so rc beta alpha"
)
_SECOND_LEVELS = word_set("com co net org gov edu ac")
"""Below these even what is a file's ending elsewhere is a country."""
_NUMBERED = word_set("com net cn")
"""Where providers are called by numbers: 163.com, 189.cn."""
_NOT_USERS = frozenset({"git", "hg", "svn"})
_PARAMETER = re.compile(r"(?:[=:/?&,\"'\s<]|%(?:3[ADad]|2[FCfc]|20|26))$")
_LONGEST = 64


def _start_of_local(text: str, at: int) -> int:
    start = at
    stop = max(0, at - _LONGEST)
    while start > stop and (text[start - 1].isalnum() or text[start - 1] in _LOCAL_SIGNS):
        start -= 1
    if start and text[start - 1] == "\\" and text[start] in "nrtbf" and at - start > 1:
        start += 1
    while start < at and text[start] in "._+%-'":
        start += 1
    return start


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    last = labels[-1].lower()
    if len(last) < 2 or not (last.isalpha() or last.startswith("xn--")):
        return False
    if last in _NOT_TLD and labels[-2].lower() not in _SECOND_LEVELS:
        return False
    if len(labels) == 2 and last in _NUMBERED and labels[0].isdigit() and len(labels[0]) > 2:
        return True
    return not (labels[0].lstrip("v").isdigit() and (len(labels) < 3 or labels[1].isdigit()))


def mask_mail(text: str) -> str:
    """The text with each address's local part shortened to its first letter and three stars."""
    pieces: list[str] = []
    done = at = 0
    for sign in ("@", "%40"):
        pieces, done, at = [], 0, text.find(sign)
        while at >= 0:
            after = at + len(sign)
            found = _DOMAIN.match(text, after)
            start = _start_of_local(text, at) if found else at
            if (
                found
                and done <= start < at
                and _is_domain(found[0])
                and text[start:at].lower() not in _NOT_USERS
                and text[max(0, start - 3) : start] != "://"
                and text[start - 1 : start] not in ("@", "*")
                and (sign == "@" or _PARAMETER.search(text, max(0, start - 3), start))
            ):
                pieces += [text[done : start + 1], "***", sign, found[0]]
                done = after = found.end()
            at = text.find(sign, after)
        if pieces:
            text = "".join((*pieces, text[done:]))
    return text
