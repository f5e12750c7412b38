"""The tokens of a "time level [thread] logger: message" header, each as one bounded pattern."""

from __future__ import annotations

from pake_tui.text.late import late

WORDS = (
    "TRACE\\d?|TRAC|TRCE|DEBUG\\d?|DEBU|DDEBUG|SUBDEBUG|VERBOSE|FINEST|FINER|FINE|CONFIG|INFO|INFORMATION"
    "|NOTICE|NOTE|LOG|WARNING|WARN|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|FATA|EMERGENCY|EMERG"
    "|(?<!SERVICE )(?<!HOST )ALERT|PANIC|PANI|DBG|DBUG|INF|WRN|FTL|TRC|VRB|STATEMENT|DETAIL|HINT"
    "|SYSTEM|AUDIT|FAIL(?! LOGIN)|SUCCESS|SILLY|DPANIC|ERRO"
)
"""Nagios's `SERVICE ALERT` is no level."""
BRACKETED_LEVEL = late(
    rf"[\[(<]\s{{0,4}}(?:[\w\-]{{0,40}}[:.]|[\w #.\-]{{1,60}}/)?((?i:{WORDS})|[TDVIWEFC])\s{{0,8}}"
    r"(?:[\])>]|(?=[|:/, ]))"
)
CAPS = late(rf"(?:{WORDS})(?![\w.])")
ANY = late(rf"(?i:{WORDS})(?![\w.])")
ANY_MARKED = late(rf"(?i:{WORDS})(?=\t|:|\s{{2,}}|\s?\||\s-)")
LETTER = late(r"[TDVIWEFC](?=[ ,/:]\s{0,4}\S)|D[1-5](?= )|[TDIWEF](?=! )|N(?= \|)")
JOINED = late(rf"(\S{{0,200}}?):({WORDS}):(?=[ ]{{2}})")
"""PostgreSQL's prefix without blanks: `10.0.1.5(53524):app@shop:[28154]:ERROR:  …`."""
NAMED = late(
    r"(?P<name>[\w./:\-]{1,64}?)(?:\([^()]{0,80}\)|\[[\d:]{1,20}\])?:? "
    r"(?i:(?P<word>info|notice|warning|error|debug|critical|fatal|panic)): "
    r"|(?P<tabbed>[\w./:\-]{1,64})\t(?P<level>info|warn|error|debug)\t"
)
"""A name, then a level in small letters: `queries: info: …`, `unbound[1:0] info: …`."""
SUFFIXED = late(rf"([\w.\-/]{{1,80}})\[({WORDS})\]:")
SPANS = late(
    r"(?:[\w.\-]{1,80}(?:\{(?:[^{}\"]|\"[^\"]{0,200}\"){0,400}\})?:){1,12}(?=\s)|ThreadId\(\d{1,6}\)(?= )"
)
"""The spans of Rust's tracing: `outer{a=1}:inner{b="x"}:`."""
TRACE_PAIR = late(r"(?:[\w.\-]{0,80},)?([0-9a-f]{32}|[0-9a-f]{16})[,/\-][0-9a-f]{16}(?:,\w{0,8})?")
"""A trace and a span in one bracket, as Sleuth and Micrometer write them."""
ELAPSED = late(rf"\d{{1,10}}(?=\s{{1,10}}\[[^\]]{{1,80}}\]\s{{1,4}}(?:{WORDS})\s)")
CHANNEL = late(rf"([\w\-]{{1,64}})\.({WORDS})(?=:| )")
BRACKET = late(
    r"\[([^\[\]]{0,200}(?:\[[^\[\]]{0,100}\][^\[\]]{0,200})?)\]|\(([^()]{1,120})\)|<([\w.\-:$ ]{1,80})>"
    r"|\{([\w.\-:$ ]{0,80})\}"
)
HEADERISH = late(r"[\w#/][\w.$@/:#\-,*<>~+=|\[\] ]{0,200}")
NOT_HEADER = late(r"\d{1,6}/\d{1,6}$|\d{1,3}(?:\.\d{1,3}){3}|[a-z]+: |.*\s(?:is|was|to|the|for|in)\s")
DOTTED = late(r"[A-Za-z_][\w$]{0,80}(?:[./][A-Za-z_$][\w$]{0,80}){1,12}")
PROCESS = late(r"0x[0-9a-f]{1,16}|\d{1,9}(?:\.\d{1,9}){1,2}|[A-Z]\w*Thread\w*|\d{1,12}")
"""Names of processes and threads in round or other brackets: Erlang's `<0.93.0>`, Python's `(MainThread)`."""
CONTEXT_PAIR = late(r"[^\[]* [^\[]*=|[^=\[]*=[^\[]* ")
HEADER_FOLLOWS = late(r"\s{0,4}(?:-\s|\[|[\w.$]{1,200}\s{0,40}:\s)")
PID = late(r"(?:pid[=: ]?)?\d{1,12}(?:#\d{1,12})?:?(?=[ \t:|]|$)")
PID_AHEAD = late(
    r"[ \t]{0,8}(?:-{1,3}[ \t]|[\[|:<(]|\d{1,12}[ \t]"
    r"|[\w$]{1,80}(?:[.$/][\w$]{1,80}){1,12}[ \t]{0,40}[:\- ])"
)
"""What follows a bare number that is a process's and not the message's first word."""
LOGGER = late(
    r"([A-Za-z_$][\w.$/@\-#]{0,200}(?:::[\w.$<>]{1,100}){0,10}(?:\[\d{1,9}\])?)(?:\(\d{1,9}\))?\s{0,40}"
    r"(?::(?:\d{1,6})?(?=\s|$)(?:[ ][\w./\-]{1,120}\.rs:\d{1,6}:)?|(?=[ ]-[ ])|(?= \[)|(?=\|)|(?=[ ]{3,}\S))"
    r"|([\w.$/\[\]]{3,200})[ ]{1,40}:(?=[ ])"
    r"|((?:[a-z][\w]{0,40}\.){2,12}[A-Z][\w$]{0,80}(?:\.[\w$<>]{1,80})?)(?=[ ])"
)
EVENT_FOLLOWS = late(r"\s{3,80}(?:\[[\w.]{1,80}\] ?|)(?:[\w.]{1,60}=|$)")
TRAILING_LOGGER = late(r" \(((?:[a-z][\w]{0,60}\.){1,12}[A-Z]?[\w$]{1,80})(?::\d{1,6})?\)$")
CODE = late(
    r"(?:[A-Z]{1,12}-)?[A-Z]{1,12}-?\d{2,8}[A-Z]?|(?:[\w$]{1,100}[.])*\w{0,100}(?:Error|Exception|Warning)|[a-z]{2,20}(?<!e)ed"
)
"""Names before a colon that are the message's: codes, exceptions, what was done."""
CHAIN = late(r":([\w.$/\-]{1,100}):(?:([\w\-]{1,60}): )?")
SOURCE = late(
    r"[\w./\-]{1,200}\.(?:go|py|cc|cpp|c|h|java|rs|rb|js|ts|php|cs|scala|kt):\d{1,7}"
    r"(?:\]|:[\w.*()]{1,80}\(\)|:)?(?=[ \t\]:]|$)"
    r"|[\w.]{1,120}:[\w<>]{1,80}:\d{1,7}(?= - )"
)
SPLIT = late(r"[ \t|]{0,60}(?:--?-?(?=[ \t])|::?(?=[ \t]|$)|[|:,;>\u2502](?=[ \t\[\w]))?[ \t|]{0,60}")
CLOCK_ONLY = late(
    r"([\[(]?)[ ]{0,2}(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?![\d:])|\d{1,2}:\d\d[AP]M(?= )"
)
INSIDE = late(r"[ ,:|]{1,8}([^\]]{1,120})\]")
REQUEST_ID = late(r"req-[0-9a-f\-]{36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEYED_ID = late(r"(?ai)(?:correlation|request|req|trace)[_-]?id[=:]\s?\"?([\w.\-]{4,128})")
BARE_ID = late(
    r"(?ai:req|request|rid|cid|corr|correlation|trace|txn?|op)[-_:](?=[A-Za-z]{0,63}\d)"
    r"(?:[0-9A-Fa-f]{6,64}|[0-9A-Za-z]{12,64})|(?=[A-Fa-f]{0,63}\d)[0-9A-Fa-f]{16,64}"
)
"""What stands alone in a header's bracket and is an ID: `req-5f2c01ab9d3e`, a trace's hexadecimal digits."""
AHEAD = late(
    rf"(?:[\w.\-]{{1,40}}=\S{{1,120}}[ \t]{{1,8}}){{0,8}}"
    rf"(?:(?:[\w.$@/\-:\[\]%]{{1,80}}[ \t|]{{1,40}}(?:-[ ])?|\[[^\]]{{0,80}}\][ ]{{0,4}}){{0,3}}?"
    rf"(?:\[?(?:{WORDS})\]?(?=[:\s\]|])|\[(?i:{WORDS})\](?=\s)))"
)
