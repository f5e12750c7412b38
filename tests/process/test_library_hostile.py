"""An application that uses everything comes through wherever it is run; what is wrong is said at most a
few times.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

APP = """
import asyncio, os, sys, threading
from pake_tui import AlertSeverity, get_config_service, get_logger, get_monitor
logger, monitor, config = get_logger(), get_monitor(), get_config_service()

@monitor.monitor_operation("shop.pay")
def pay(amount):
    if amount > 100:
        raise ValueError("too much, card 4111-1111-1111-1111")
    return amount

async def serve(number):
    with logger.with_correlation_id(f"req-{number}"), logger.with_user("u1", "ada"):
        async with logger.timer("shop.serve", number=number):
            await asyncio.sleep(0)
            logger.api("Answered", status_code=200, duration_ms=1.0)

async def main():
    await asyncio.gather(*(serve(number) for number in range(20)))
    alert = monitor.create_alert("Shop trouble", "again", AlertSeverity.HIGH, tags={"shop": 1})
    await monitor.resolve_alert(alert, "gone")

monitor.register_health_check("shop", lambda: {"status": "healthy"})
monitor.register_health_check("database")
config.update_monitoring_config(cpu_threshold_percent=77.0)
config.update_logging_config(async_logging=True, console_enabled=True)
try:
    pay(1000)
except ValueError as error:
    logger.error("Payment failed", error=error)
asyncio.run(main())
threads = [threading.Thread(target=logger.info, args=("thread",)) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
child = os.fork()
if child == 0:
    logger.audit("child", event_type="fork")
    monitor.increment_counter("children")
    monitor.flush()
    logger.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
monitor.flush()
config.reload_configuration()
config.validate_environment()
assert logger.generate_compliance_report()["summary"]["total_audit_events"] >= 0
assert 0 <= monitor.generate_monitoring_report()["health"]["health_percentage"] <= 100
logger.flush()
os.write(1, b"survived")
"""


def run(script: str = APP, prefix: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the application through a shell that prepares its surroundings."""
    return subprocess.run(
        ["/bin/sh", "-c", f'{prefix} exec "$0" -c "$1"', sys.executable, script],
        env={**os.environ, "LOG_CONSOLE": "false", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("prefix", "environment"),
    [
        ("", {}),
        ("exec 2>&-;", {}),
        ("exec 0<&- 2>&-;", {}),
        ("ulimit -f 8;", {}),
        ("umask 777;", {}),
        ("mkdir gone && cd gone && rmdir ../gone;", {}),
        ("", {"HOME": "/proc/nowhere", "PAKE_STATE_DIR": "", "XDG_STATE_HOME": ""}),
        ("", {"PAKE_STATE_DIR": "/proc/nowhere/state"}),
        ("", {"LOG_DIRECTORY": "/proc/nowhere/logs"}),
        ("", {"LOG_LEVEL": "EXTREME", "LOG_ASYNC": "perhaps"}),
        ("", {"PAKE_CONFIG": "/proc/nowhere/pake.yaml"}),
        ("mkdir -p logs && ln -s /dev/full logs/app.log;", {}),
        ("mkdir -p logs/app.log;", {}),
        ("", {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}),
    ],
)
def test_the_application_survives(prefix: str, environment: dict[str, str]) -> None:
    """Whatever is missing, full, closed or wrong, the program ends well and is not buried in warnings."""
    done = run(prefix=prefix, **environment)
    assert (done.stdout, done.returncode) == ("survived", 0), done.stderr
    assert "Traceback (most recent call last):\n  File" not in done.stderr
    assert sum(line.startswith("pake-tui:") for line in done.stderr.splitlines()) <= 8


def test_running_out_of_descriptors_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    """While none can be had lines are lost and counted; afterwards the file tells."""
    script = """
import os, resource
from pake_tui import get_logger
logger = get_logger(service="shop")
logger.info("before")
taken = []
for attempt in range(50):  # the library's own threads may give one back at any moment
    other = get_logger(service=f"other{attempt}")
    try:
        while True: taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError: pass
    other.info("lost")
    if logger.dropped: break
for descriptor in taken: os.close(descriptor)
other.info("after")
print(attempt, logger.dropped)
"""
    done = run(script, "ulimit -n 40;")
    attempt, dropped = done.stdout.split()
    assert dropped == "1", done.stderr
    text = Path(f"logs/other{attempt}.log").read_text()
    assert "Log lines were lost here" in text
    assert "after" in text
    assert "Too many open files" in done.stderr


MAKING = """
import os, signal, sys, threading
from pake_tui import get_logger
inside, leave = threading.Event(), threading.Event()

class Slow:
    def write(self, text):
        inside.set()
        leave.wait(20)
    def flush(self):
        pass

usual, sys.stderr = sys.stderr, Slow()
thread = threading.Thread(target=get_logger)
thread.start()
assert inside.wait(20)
child = os.fork()
if child == 0:
    sys.stderr = usual
    signal.alarm(20)
    get_logger().info("child")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
leave.set()
thread.join()
os.write(1, b"survived")
"""


def test_a_child_that_was_forked_while_a_thread_made_the_library_has_one(tmp_path: Path) -> None:
    """Here it was about to say what is wrong with the configuration; the child makes its own."""
    broken = tmp_path / "pake.yaml"
    broken.write_text("logging: 3\n")
    broken.chmod(0o600)
    done = run(MAKING, PAKE_CONFIG=str(broken), LOG_FILE="false")
    assert done.stdout == "survived", done.stderr
