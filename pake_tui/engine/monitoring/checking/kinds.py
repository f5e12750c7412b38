"""One run of one configured check: which function asks, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pake_tui.clock import now_ns
from pake_tui.engine.monitoring.checking.asking import Deadline, Degraded, Failed, Surroundings, Unknown
from pake_tui.engine.monitoring.checking.specs import CheckSpec
from pake_tui.engine.monitoring.checking.standing import Run
from pake_tui.engine.monitoring.secrets import of_url, scrubbed
from pake_tui.model.check import HealthState
from pake_tui.text.masking import mask_text

Ask = Callable[[CheckSpec, Deadline], str]
MOST_MESSAGE = 500


def ask(spec: CheckSpec, around: Surroundings) -> Run:
    """Run a check: never raises; its message is masked."""
    from time import perf_counter_ns

    began, start = now_ns(), perf_counter_ns()
    try:
        state, said = HealthState.HEALTHY, asker(spec.kind, around)(spec, Deadline(spec.timeout_ns))
    except Degraded as answer:
        state, said = HealthState.DEGRADED, str(answer)
    except Failed as answer:
        state, said = HealthState.UNHEALTHY, str(answer)
    except Unknown as answer:
        state, said = HealthState.UNKNOWN, str(answer)
    except Exception as error:
        state, said = HealthState.UNKNOWN, f"the check itself failed: {type(error).__name__}: {error}"
    took = perf_counter_ns() - start
    return Run(state, mask_text(scrubbed(said, _secrets(spec)))[:MOST_MESSAGE], began, took)


def _secrets(spec: CheckSpec) -> Iterator[str]:
    """What a message must not quote."""
    yield from of_url(spec.target)
    yield from (value for _, value in spec.options.get("headers", ()))


def asker(kind: str, around: Surroundings) -> Ask:
    """The function of a kind; what it needs is imported when the first check of it runs."""
    if kind in ("http", "tcp", "dns"):
        from pake_tui.engine.monitoring.checking import network

        return {"http": network.http, "tcp": network.tcp, "dns": network.dns}[kind]
    if kind in ("redis", "postgres", "mysql", "sqlite"):
        from pake_tui.engine.monitoring.checking import servers

        return {
            "redis": servers.redis,
            "postgres": servers.postgres,
            "mysql": servers.mysql,
            "sqlite": servers.sqlite,
        }[kind]
    from pake_tui.engine.monitoring.checking import local

    if kind == "log_silence":
        return lambda spec, deadline: local.log_silence(spec, deadline, around)
    if kind == "command":
        return lambda spec, deadline: local.command(spec, deadline, around)
    return {
        "process": local.process,
        "systemd": local.systemd,
        "disk": local.disk,
        "file_age": local.file_age,
    }[kind]
