"""How times are spelled in log lines: one anchored pattern per spelling, all with the same group names.

`y m d` (or `mon`, `yy`, or `a b c` where the order is to be found out), `h mi s f` with `ap` for US clocks,
`off`, `short`, `abbr` and `utc` for zones; a 2 behind a name where a pattern has two ways to write it.
"""

from __future__ import annotations

import re

from pake_tui.text.late import late

_MON = (
    r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    r"|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[a-z]{0,6}\.?"
)
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?[ ]{1,2}"
_CLOCK = (
    r"(?P<h>\d{1,2}):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{1,9}))?)?"
    r"(?:[ ]?(?P<ap>[AaPp])\.?[Mm]\b\.?)?"
)
_ZONE = (
    r"(?:[ ]?(?P<off>Z|[+-]\d\d:?\d\d)(?![\d:])|(?P<short>[+-]\d\d)(?![\d:])"
    r"|[ ](?P<abbr>[A-Z]{3,5})\b|(?P<utc>UTC|GMT)\b)?"
)
_GAP = r"(?:[T_:]|,?[ ]{1,2}|[ ]-[ ])"
_SPELLINGS = {
    "iso": r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})" + _GAP + _CLOCK + _ZONE,
    "compact": r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"
    r"(?:[T _-]?(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?"
    r"|[T -](?P<h2>\d{1,2}):(?P<mi2>\d\d?):(?P<s2>\d\d?)(?:[.,:](?P<f2>\d{1,9}))?)" + _ZONE + r"(?![\d.])",
    "hdfs": r"(?P<yy>\d\d)(?P<m>\d\d)(?P<d>\d\d)[ ]{1,2}"
    r"(?:(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)|(?P<h2>\d{1,2}):(?P<mi2>\d\d):(?P<s2>\d\d))"
    r"(?:[.,](?P<f>\d{1,9}))?(?![\d.])",
    "numeric": r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{4}|\d\d)"
    r"(?:[T_:]|,?[ ]{1,2}|[ ]--?[ ]|-)" + _CLOCK + _ZONE,
    "clf": r"(?P<d>\d{1,2})[-/ ]"
    + _MON
    + r"[-/ ](?:(?P<y>\d{4})(?:[T:]|,?[ ]{1,2})|(?P<y2>\d\d),?[ ]{1,2})"
    + _CLOCK
    + _ZONE,
    "daymonth": r"(?P<d>\d{1,2})[ ]" + _MON + r"[ ]{1,2}" + _CLOCK,
    "monthday": r"(?P<m>\d\d)-(?P<d>\d\d)[ ]{1,2}" + _CLOCK + r"(?![\d:])",
    "syslog": _MON
    + r"[ ]{1,2}(?P<d>\d{1,2})(?:,?[ ]{1,2}(?P<y>\d{4}))?,?[ ]{1,2}(?:at[ ])?"
    + _CLOCK
    + _ZONE
    + r"(?:[ ](?P<y2>\d{4})(?!\S))?",
    "ctime": _WEEKDAY
    + _MON
    + r"[ ]{1,2}(?P<d>\d{1,2})[ ]{1,2}"
    + _CLOCK
    + r"(?:[ ](?P<abbr>[A-Z]{3,5}))?[ ](?P<y>\d{4})",
    "ctime_short": _WEEKDAY + _MON + r"[ ]{1,2}(?P<d>\d{1,2})[ ]{1,2}" + _CLOCK,
    "rfc2822": _WEEKDAY + r"(?P<d>\d{1,2})[- ]" + _MON + r"[- ](?P<y>\d{4}|\d\d)[ ]" + _CLOCK + _ZONE,
    "epoch": r"(?P<e>1\d{9}|9\d{8})"
    r"(?:[.,](?P<f>\d{1,9})|(?P<milli>\d{3})|(?P<micro>\d{6})|(?P<nano>\d{9}))?(?![\d.-]|:(?! ))",
}
PATTERNS: dict[str, re.Pattern[str]] = {name: late(text) for name, text in _SPELLINGS.items()}
AFTER_DIGIT = ("iso", "clf", "daymonth", "numeric", "monthday", "hdfs", "compact", "epoch")
AFTER_LETTER = ("syslog", "ctime", "rfc2822", "ctime_short")

FAST = late(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?(?!\d|[:.]\d)"
)
"""The commonest spelling, without the cost of named groups."""
ZONE_AFTER = late(r" (?:([+-]\d\d(?::?\d\d)?)(?![\d:.])|([A-Z]{3,5})\b|[AaPp]\.?[Mm]\b)")
