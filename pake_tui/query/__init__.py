"""The filter language: parse, evaluate, complete, explain. Pure: the time and the zone are passed in.

query = parse("level>=warning -service:auth timeout", now_ns=clock.now_ns(), zone=zone)
query.matches(record)
"""

from pake_tui.query.completion import complete
from pake_tui.query.errors import QueryError
from pake_tui.query.explaining import explain
from pake_tui.query.flags import from_flags
from pake_tui.query.parser import parse
from pake_tui.query.result import Query

__all__ = ["Query", "QueryError", "complete", "explain", "from_flags", "parse"]
