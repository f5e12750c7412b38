"""What sensors make of the kernel's files: real text, odd text, and the host's own beside psutil's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pake_tui.clock import monotonic
from pake_tui.engine.monitoring.sampler import Sampler
from pake_tui.engine.monitoring.sensors import cgroup, cpu, devices, memory, network
from pake_tui.engine.monitoring.sensors.processes import parse_stat
from pake_tui.engine.monitoring.sensors.readings import LEAST_SPAN_S, Absent, Lately
from pake_tui.model.host_metrics import UNITS
from tests.unit.fakehost import FakeHost, labelled, linux_only, wait_for


def sampled(sampler: Sampler) -> dict[str, float]:
    """One sample, late enough after the last one that every sensor has its rates."""
    enough = monotonic() + LEAST_SPAN_S
    wait_for(lambda: monotonic() > enough)
    return labelled(iter(sampler.sample().items()))


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    """A host that has everything."""
    return FakeHost(tmp_path)


def test_a_host_that_has_everything_gives_every_metric_there_is(host: FakeHost) -> None:
    """Nothing is measured that the table of metrics does not name, and nothing named is never measured."""
    sampler = Sampler(host.proc, host.sys)
    host.go_on("stat", "cpu  1000", "cpu  1100")
    values = sampled(sampler)
    sampler.close()
    assert {label.partition("{")[0] for label in values} == set(UNITS)
    assert not sampler.problems
    assert not sampler.absent


def test_levels_are_what_the_kernel_says(host: FakeHost) -> None:
    """Available memory, the hottest place of a chip, the nearest of nested limits, processes by state."""
    sampler = Sampler(host.proc, host.sys)
    values = labelled(iter(sampler.sample().items()))
    sampler.close()
    expected = {
        "memory_percent": 25.0,
        "memory_available_bytes": 6_144_000_000.0,
        "swap_percent": 25.0,
        "pressure_io_full": 1.25,
        "open_files_percent": 25.0,
        "temperature_celsius{sensor=coretemp}": 51.5,
        "temperature_celsius{sensor=nvme}": 38.85,
        "cgroup_memory_percent": 60.0,
        "tcp_established": 7.0,
        "tcp_time_wait": 9.0,
        "sockets": 316.0,
        "processes{state=running}": 1.0,
        "processes{state=sleeping}": 1.0,
        "processes{state=blocked}": 1.0,
        "processes{state=zombie}": 1.0,
        "processes{state=stopped}": 0.0,
        "process_count": 4.0,
        "oom_kills": 0.0,
    }
    assert {label: values.get(label) for label in expected} == pytest.approx(expected)
    assert "pressure_cpu_full" not in values


@pytest.mark.parametrize(
    ("name", "sensor", "lost"),
    [
        ("stat", "cpu", "cpu_"),
        ("meminfo", "memory", "memory_"),
        ("vmstat", "paging", "swap_in_ swap_out_ oom_"),
        ("diskstats", "disk traffic", "device_ disk_read disk_write"),
        ("net/dev", "network", "network_"),
        ("net/snmp", "tcp", "tcp_established tcp_retransmits"),
        ("net/sockstat", "sockets", "sockets tcp_time_wait"),
        ("sys/fs/file-nr", "open files", "open_files"),
        ("pressure/memory", "pressure", "pressure_memory pressure_io"),
        ("/class/hwmon/hwmon1/temp1_input", "temperature nvme", "temperature_celsius{sensor=nvme}"),
        ("/fs/cgroup/kube.slice/pod7/memory.stat", "cgroup", "cgroup_"),
    ],
)
def test_a_sensor_that_reads_nonsense_fails_alone(host: FakeHost, name: str, sensor: str, lost: str) -> None:
    """Whatever file is broken, its sensor is named with a reason, and all others give what they gave."""
    sampler = Sampler(host.proc, host.sys)
    host.go_on("stat", "cpu  1000", "cpu  1100")
    before = sampled(sampler).keys()
    sampler.close()
    host.say(name, "a b c d e f g h i j k l m n o p: q\nTcp: x\nTcp: y\n")
    sampler = Sampler(host.proc, host.sys)
    if name != "stat":
        host.go_on("stat", "cpu  1100", "cpu  1200")
    after = sampled(sampler).keys()
    sampler.close()
    assert list(sampler.problems) == [sensor]
    assert sampler.problems[sensor]
    assert after == {label for label in before if not label.startswith(tuple(lost.split()))} != before


def test_a_sensor_that_may_not_be_read_is_named_with_the_file(host: FakeHost) -> None:
    """A folder in its place cannot be read by anybody: the reason names it."""
    place = host.place("net/snmp")
    place.unlink()
    place.mkdir()
    sampler = Sampler(host.proc, host.sys)
    sampler.close()
    assert sampler.problems == {"tcp": f"{place}: Is a directory"}


def test_what_a_machine_lacks_is_absent_with_a_word_why(tmp_path: Path) -> None:
    """A virtual machine without swap, thermometers, limits and pressure has no problem, and no zeros."""
    host = FakeHost(tmp_path)
    host.say("swaps", "Filename Type Size Used Priority\n")
    host.say("self/cgroup", "4:memory:/x\n0::/\n")
    for folder in (host.sys / "class", host.proc / "pressure"):
        folder.rename(tmp_path / folder.name)
    sampler = Sampler(host.proc, host.sys)
    values = sampled(sampler)
    sampler.close()
    assert sampler.absent == {
        "swap": "this host has no swap",
        "pressure": "this kernel has no pressure stall information",
        "temperatures": "this machine has no temperature sensors",
        "cgroup": "the collector's control group / has no limits",
    }
    assert not sampler.problems
    gone = ("swap", "pressure", "temperature", "cgroup")
    assert not [label for label in values if label.startswith(gone)]


def test_an_interface_that_was_reset_costs_what_went_back_only(host: FakeHost) -> None:
    """A driver that begins anew with one counter drops that one's sample."""
    sampler = Sampler(host.proc, host.sys)
    host.go_on("net/dev", "eth0:10000", "eth0:9000")
    host.go_on("net/dev", "20000    200", "90000    200")
    found = sampled(sampler)
    sampler.close()
    assert "network_receive_bytes{interface=eth0}" not in found
    assert found["network_transmit_bytes{interface=eth0}"] > 0


def test_retransmits_swapping_and_throttling_are_growth(host: FakeHost) -> None:
    """Counters since boot become what happened since the last sample."""
    sampler = Sampler(host.proc, host.sys)
    host.go_on("net/snmp", " 79072 100 ", " 79072 150 ")
    host.go_on("vmstat", "pswpin 1000", "pswpin 1010")
    group = "/fs/cgroup/kube.slice/pod7/c1/cpu.stat"
    host.go_on(group, "nr_periods 100\nnr_throttled 20", "nr_periods 110\nnr_throttled 25")
    found = sampled(sampler)
    sampler.close()
    assert found["tcp_retransmits"] > 0
    assert found["swap_in_bytes"] > found["swap_out_bytes"] == 0
    assert found["swap_in_bytes"] / found["tcp_retransmits"] == pytest.approx(memory.PAGE / 5, rel=0.5)
    assert found["cgroup_throttled_percent"] == 50.0
    assert found["cgroup_cpu_percent"] == 0.0


def test_kills_count_for_five_minutes_and_not_those_before() -> None:
    """A rule that looks every half minute sees one; those before the collector came do not count."""
    lately = Lately(300.0)
    assert [lately.grown(3, 0.0), lately.grown(4, 10.0), lately.grown(6, 200.0)] == [0, 1, 3]
    assert [lately.grown(6, 309.0), lately.grown(6, 310.0), lately.grown(6, 500.0)] == [3, 2, 0]
    assert lately.grown(1, 501.0) == 0


def test_a_kernel_that_counts_no_kills_says_so_and_still_swaps(host: FakeHost) -> None:
    """Before Linux 4.13 there is no such line."""
    host.go_on("vmstat", "oom_kill 3\n", "")
    sampler = Sampler(host.proc, host.sys)
    found = sampled(sampler)
    sampler.close()
    assert "does not count OOM kills" in sampler.absent["paging"]
    assert "swap_in_bytes" in found
    assert "oom_kills" not in found


def test_free_memory_is_never_taken_for_available(host: FakeHost) -> None:
    """A kernel that does not say what is available gives no value."""
    host.go_on("meminfo", "MemAvailable:    6000000 kB\n", "")
    with pytest.raises(Absent, match=r"before 3\.14"):
        list(memory.memory(host.proc))


@pytest.mark.parametrize(
    ("root", "group", "expected"),
    [
        ("/", "/", ["/cg"]),
        ("/", "/a/b", ["/cg/a/b", "/cg/a", "/cg"]),
        ("/docker/1", "/docker/1", ["/cg"]),
        ("/", "/../other", ["/cg/other", "/cg"]),
    ],
)
def test_a_group_and_all_above_it_are_looked_at(root: str, group: str, expected: list[str]) -> None:
    """With or without a namespace of its own, in a container or beside one."""
    assert list(cgroup.folders("/cg", root, group)) == expected


def test_a_limit_that_is_set_later_is_found(host: FakeHost) -> None:
    """A group without one is absent and looked at again."""
    host.say("self/cgroup", "0::/kube.slice\n")
    with pytest.raises(Absent, match=r"kube\.slice has no limits"):
        list(cgroup.Cgroup(host.proc).values())
    host.say("/fs/cgroup/kube.slice/memory.max", "2000\n")
    host.say("/fs/cgroup/kube.slice/memory.current", "1000\n")
    host.say("/fs/cgroup/kube.slice/memory.stat", "anon 1000\n")
    assert labelled(cgroup.Cgroup(host.proc).values()) == {"cgroup_memory_percent": 50.0}


def test_the_hottest_of_equal_chips_counts_and_zones_where_there_are_none(host: FakeHost) -> None:
    """Two of one name are one series; a machine without chips has its thermal zones."""
    host.say("/class/hwmon/hwmon2/name", "nvme\n")
    host.say("/class/hwmon/hwmon2/temp1_input", "62000\n")
    sampler = Sampler(host.proc, host.sys)
    values = labelled(iter(sampler.sample().items()))
    sampler.close()
    assert values["temperature_celsius{sensor=nvme}"] == 62.0
    (host.sys / "class" / "hwmon").rename(host.sys / "class" / "gone")
    host.say("/class/thermal/thermal_zone0/type", "x86_pkg_temp\n")
    host.say("/class/thermal/thermal_zone0/temp", "-5000\n")
    sampler = Sampler(host.proc, host.sys)
    values = labelled(iter(sampler.sample().items()))
    sampler.close()
    assert values["temperature_celsius{sensor=x86_pkg_temp}"] == -5.0


def test_a_process_named_like_a_state_is_read_right() -> None:
    """Its name may hold brackets and blanks; what is behind the last one counts."""
    seen = parse_stat(b"7 (a) Z (b) S 1 " + b"0 " * 30)
    assert seen is not None
    assert (seen.name, seen.state) == ("a) Z (b", "sleeping")


def test_the_largest_processes_are_listed_beside_the_busiest(host: FakeHost) -> None:
    """A process that uses all the memory and no cpu is among the rows."""
    for number in range(100, 140):
        host.say(f"{number}/stat", f"{number} (p) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 {number} 0 0")
    sampler = Sampler(host.proc, host.sys)
    for number in range(100, 120):
        host.go_on(f"{number}/stat", "-1 0 0 0 0 0 0 ", f"-1 0 0 0 0 0 {number} ")
    wait_for(lambda: bool(sampler.sample()) and bool(sampler.processes()))
    rows = sampler.processes()
    sampler.close()
    assert [row.pid for row in rows[:10]] == [*range(119, 109, -1)]
    assert {43, *range(132, 140)} <= {row.pid for row in rows}
    assert len(rows) <= 20


def bracketed(ask: Callable[[], float], other: Callable[[], float]) -> None:
    """A counter of ours lies between two readings of the other's, made before and after it."""
    low, ours, high = other(), ask(), other()
    assert low <= ours <= high


@linux_only
def test_counters_of_this_host_are_psutils() -> None:
    """Bytes and time of disks, and bytes, errors and drops of interfaces."""
    text = Path("/proc/diskstats").read_text()
    for name in devices.parse_diskstats(text):
        bracketed(
            lambda name=name: devices.parse_diskstats(Path("/proc/diskstats").read_text())[name].read_bytes,
            lambda name=name: psutil.disk_io_counters(perdisk=True, nowrap=False)[name].read_bytes,
        )
    for name in network.parse_net_dev(Path("/proc/net/dev").read_text()):
        bracketed(
            lambda name=name: network.parse_net_dev(Path("/proc/net/dev").read_text())[name][0],
            lambda name=name: psutil.net_io_counters(pernic=True, nowrap=False)[name].bytes_recv,
        )
    bracketed(
        lambda: cpu.parse_stat(Path("/proc/stat").read_text())[cpu.WHOLE][0] / os.sysconf("SC_CLK_TCK"),
        lambda: psutil.cpu_times().user,
    )


@linux_only
def test_levels_of_this_host_are_psutils() -> None:
    """Memory within two per cent, inodes as the file system says, modes within the whole."""
    sampler = Sampler()
    found = sampled(sampler)
    sampler.close()
    assert found["memory_percent"] == pytest.approx(psutil.virtual_memory().percent, abs=2.0)
    assert found["process_count"] == pytest.approx(len(psutil.pids()), abs=50)
    facts = os.statvfs("/")
    if "inodes_percent{mount=/}" in found:
        used = 100 * (facts.f_files - facts.f_ffree) / facts.f_files
        assert found["inodes_percent{mount=/}"] == pytest.approx(used, abs=1.0)
