"""Which lines continue the record before them: stack frames, chained exceptions, dumps, indented text."""

from __future__ import annotations

from collections.abc import Sequence

from pake_tui.text.late import late

_FRAME = late(
    r"at [\w.$<>/]+[(.]|Caused by: |Suppressed: |\.\.\. \d{1,5} (?:more|common frames)|Wrapped by: "
    r"|File \"[^\"]{1,512}\", line \d|During handling of the above|The above exception was|  File "
    r"|goroutine \d{1,12} \[|created by [\w./*()\-]{1,256}|exit status \d|\[signal |rax "
    r"|fatal error: all goroutines"
    r"|[\w./*\-\[\]{}$]{1,256}\((?:0x|\.\.\.\)|\{)[^\n]*\)$|[\w./*\-$]{1,256}\.[\w.*()\-\[\]]{1,128}\((?:\)|\.\.\.\)|0x[^\n]*\))$"
    r"|#\d{1,4} |\[stacktrace\]|\[previous exception\]|Stack trace:|stack backtrace:"
    r"|--- End of |note: run with|\{main\}"
    r"|\s{0,8}\d{1,4}: (?:0x|[\w:<>{}]{3,256}$)|[}\])]{1,4}[,;\"]{0,2}\s{0,4}$|\"[}\]]|\"$|\^+$|~+\^"
    r"|-----END |== |-{3,} ?$|\| |\+-- "
)
_BASE64 = late(r"[A-Za-z0-9+/]{60,80}={0,2}")
_HEX = late(r"[0-9a-f]+|[0-9A-F]+")
_DUMP = late(r"(?:Traceback \(most recent call last\)|panic: |fatal error: |goroutine \d{1,12} \[)")
_LONGEST_KEY = 120
_LONGEST_PANIC = 20
_PANICKED = late(r".{0,200}\bthread '[^']{1,80}'(?: \(\d{1,9}\))? panicked at ")
_PYTHON_ERROR = late(r"[A-Za-z_][\w.]{2,200}(?:: |$)")


def is_frame(line: str) -> bool:
    """Whether a line looks like part of a stack trace, a key or an indented block, whatever is before it."""
    if line[:1] in (" ", "\t") or _FRAME.match(line) is not None:
        return True
    return _BASE64.fullmatch(line.rstrip()) is not None and not _HEX.fullmatch(line.rstrip())


def continues_dump(line: str, before: Sequence[str]) -> bool:
    """Whether a plain line belongs to the key or ends the traceback that the record so far is in."""
    if not before or not line.strip():
        return False
    opened = next((one for one in reversed(before[-_LONGEST_KEY:]) if "-----" in one), "")
    if "-----BEGIN " in opened and "-----END " not in opened:
        return True
    last = next((one for one in reversed(before[-4:]) if one.strip()), "")
    if len(before) < _LONGEST_PANIC and _PANICKED.match(before[0]) and not last.startswith("note: "):
        return True  # what Rust says of a panic takes lines of any form, and ends with a note
    inside = last[:1] in (" ", "\t") or _FRAME.match(last) is not None or "Traceback (most" in last
    if not inside or not any(_DUMP.search(one) for one in (*before[:4], *before[-400:])):
        return False
    return _PYTHON_ERROR.match(line) is not None and "Traceback" in "".join(before[-400:])
