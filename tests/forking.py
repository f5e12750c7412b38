"""What a child of a fork can do, while threads of its parent hold what they hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

LIMIT_S = 10


def exit_code_of_child(work: Callable[[], object]) -> int:
    """The exit code of a child forked to do something: 0, 2 where it fails, below 0 where it hangs."""
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT_S)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
