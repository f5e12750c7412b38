"""Kills processes in the middle of what they do to alerts, a thousand times: is anything lost?

    python -m tests.bench.bench_kills [--kills 1000]

A process creates, acknowledges, comments and resolves alerts, one after the other, and says each on a pipe
when the call has returned; it is killed by SIGKILL at a random moment. Whatever it had said must be in the
store, with one history entry each, and what it had begun must be there wholly or not at all.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pake_tui.clock import DAY, now_ns
from pake_tui.engine.store.alerts import prune
from pake_tui.engine.store.state import StateStore

WRITER = """
import json, os, sys
from pathlib import Path
from pake_tui.engine.monitoring.alerting import Alerting
from pake_tui.engine.store.state import StateStore
from pake_tui.model.alert import Policy, Severity
alerting = Alerting(StateStore(Path(sys.argv[1])), Policy)

def say(*words):
    os.write(1, (json.dumps(words) + "\\n").encode())

number = 0
while True:
    number += 1
    own = alerting.create(f"{os.getpid()}-{number}", "m", Severity.HIGH, actor="api@1")
    say(own, "fired")
    alerting.acknowledge(own, actor="ada", comment="mine")
    say(own, "acknowledged")
    alerting.comment(own, "looking", actor="ada")
    say(own, "commented")
    alerting.resolve(own, actor="ada", note="done")
    say(own, "resolved")
"""
FINAL = {
    "fired": "firing",
    "acknowledged": "acknowledged",
    "commented": "acknowledged",
    "resolved": "resolved",
}


def kill_one(folder: Path, dice: random.Random) -> dict[str, list[str]]:
    """One life and death: what was said to be done, by alert."""
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(dice.uniform(0, 0.03))
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    said: dict[str, list[str]] = {}
    for line in (first + rest).splitlines():
        try:
            own, what = json.loads(line)
        except ValueError:  # killed while it wrote to the pipe: not said
            continue
        said.setdefault(own, []).append(what)
    return said


def judge(store: StateStore, said: dict[str, list[str]]) -> list[str]:
    """What is wrong with what the store has."""
    wrong = []
    for own, events in said.items():
        alert, history = store.alerts.with_history(own)
        kinds = [event.kind for event in history]
        if alert is None:
            wrong.append(f"{own}: gone")
        elif kinds[: len(events)] != events:
            wrong.append(f"{own}: said {events}, kept {kinds}")
        elif FINAL[kinds[-1]] != alert.state.value:
            wrong.append(f"{own}: history ends with {kinds[-1]}, state is {alert.state.value}")
    return wrong


def main() -> int:
    """Kill, count, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    options = parser.parse_args()
    dice, wrong, events, ends = random.Random(4711), [], 0, Counter[str]()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        store = StateStore(folder)
        for number in range(options.kills):
            said = kill_one(folder, dice)
            wrong += judge(store, said)
            events += sum(map(len, said.values()))
            ends.update(one[-1] for one in said.values())
            if number % 100 == 99:
                print(f"  {number + 1} killed, {len(wrong)} wrong", file=sys.stderr)
                with store.write() as connection:  # what is resolved is not looked at again
                    prune(connection, now_ns() + 91 * DAY)
        broken = store.read("PRAGMA integrity_check")[0][0]
    print(f"{options.kills} processes killed by SIGKILL in {time.monotonic() - begun:.0f} s")
    print(f"{events:,} events confirmed, {len(wrong)} lost or half there; integrity_check: {broken}")
    print(
        "the last confirmed event of an alert was " + ", ".join(f"{k} {n}" for k, n in sorted(ends.items()))
    )
    for one in wrong[:20]:
        print(f"  {one}")
    return 1 if wrong or broken != "ok" else 0


if __name__ == "__main__":
    sys.exit(main())
