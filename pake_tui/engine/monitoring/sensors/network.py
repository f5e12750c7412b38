"""What interfaces carry and lose, TCP and sockets: proc_pid_net(5), and the counters' names in RFC 1213."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pake_tui.engine.monitoring.sensors.readings import Absent, Before, Values, rates, read
from pake_tui.model.sample import SeriesKey

MAX_INTERFACES = 16
VIRTUAL = ("lo", "veth", "docker", "br-", "virbr", "ifb", "cali", "cni", "flannel", "dummy", "sit")
METRICS = ("network_receive_bytes", "network_transmit_bytes", "network_errors", "network_drops")
Counters = tuple[int, int, int, int]
"""What `METRICS` are the growth of."""


def parse_net_dev(text: str) -> dict[str, Counters]:
    """Counters by interface; errors and drops are of both directions. ValueError for a line that is none."""
    found: dict[str, Counters] = {}
    for line in text.splitlines()[2:]:
        name, _, rest = line.rpartition(":")
        fields = rest.split()
        if not name or len(fields) < 12:
            raise ValueError(f"{line!r} is no line of /proc/net/dev")
        received, _, receive_errors, receive_drops, *_ = map(int, fields[:8])
        sent, _, send_errors, send_drops = map(int, fields[8:12])
        found[name.strip()] = received, sent, receive_errors + send_errors, receive_drops + send_drops
    return found


class Interfaces:
    """What interfaces did since the last sample: at most 16, none that is only made up."""

    def __init__(self, root: Path) -> None:
        self._path = f"{root}/net/dev"
        self._before: Before[Mapping[str, Counters]] = Before()

    def values(self) -> Values:
        """Throughput, errors and drops of each."""
        known = self._counters()
        now = {name: known[name] for name in sorted(known) if not name.startswith(VIRTUAL)}
        found = self._before.swap(now)
        if found is None:
            return
        for name in [*now][:MAX_INTERFACES]:
            if name in found[1]:
                yield from rates(METRICS, (("interface", name),), now[name], found[1][name], found[0])

    def _counters(self) -> Mapping[str, Counters]:
        try:
            return parse_net_dev(read(self._path))
        except FileNotFoundError:
            import psutil

            counters = psutil.net_io_counters(pernic=True)
            return {
                name: (one.bytes_recv, one.bytes_sent, one.errin + one.errout, one.dropin + one.dropout)
                for name, one in counters.items()
            }


def parse_snmp(text: str, protocol: str) -> dict[str, int]:
    """One protocol's values by name: each has a line of names and one of values. Empty without it."""
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith(f"{protocol}:")]
    return dict(zip(lines[0], map(int, lines[1]), strict=True)) if len(lines) == 2 else {}


class Tcp:
    """Connections and retransmits, of IPv4 and IPv6 together."""

    def __init__(self, root: Path) -> None:
        self._path = f"{root}/net/snmp"
        self._before: Before[tuple[int]] = Before()

    def values(self) -> Values:
        """As of now, and since the last sample."""
        try:
            known = parse_snmp(read(self._path), "Tcp")
        except FileNotFoundError:
            known = {}
        if not known:
            raise Absent("this kernel does not count what TCP does")
        yield SeriesKey("tcp_established"), float(known["CurrEstab"])
        now = (known["RetransSegs"],)
        found = self._before.swap(now)
        if found is not None:
            yield from rates(("tcp_retransmits",), (), now, found[1], found[0])


def sockets(root: Path) -> Values:
    """Sockets in use, and closed ones that TCP still waits for."""
    try:
        text = read(f"{root}/net/sockstat")
    except FileNotFoundError:
        raise Absent("this kernel does not say how many sockets are in use") from None
    lines = {name: rest.split() for name, _, rest in (line.partition(":") for line in text.splitlines())}
    known = {name: dict(zip(words[::2], words[1::2], strict=True)) for name, words in lines.items()}
    yield SeriesKey("sockets"), float(known["sockets"]["used"])
    if "TCP" in known:
        yield SeriesKey("tcp_time_wait"), float(known["TCP"]["tw"])
