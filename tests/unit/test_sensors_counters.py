"""Counters of CPUs, disks and interfaces: how they become shares and rates, whatever resets and is odd."""

from __future__ import annotations

import pytest

from pake_tui.engine.monitoring.sensors import cpu, devices, network
from tests.unit.fakehost import PROC, labelled

DISK = devices.Counters(1000, 80_000, 5000, 2000, 160_000, 9000, 3000)


def test_time_is_shared_out_by_mode_and_core() -> None:
    """Waiting for a disk is not busy; time stolen by the hypervisor is."""
    before = cpu.parse_stat("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 100 0 100 700 100 0 0 0 0 0\n")
    now = cpu.parse_stat("cpu  130 5 110 730 110 2 3 10 0 0\ncpu0 130 5 110 730 110 2 3 10 0 0\nintr 5\n")
    found = labelled(cpu.shares(now, before))
    assert found["cpu_percent"] == found["cpu_percent{core=0}"] == pytest.approx(60.0)
    modes = {label: share for label, share in found.items() if "mode" in label}
    assert modes["cpu_mode_percent{mode=iowait}"] == modes["cpu_mode_percent{mode=steal}"] == 10.0
    assert sum(modes.values()) == pytest.approx(70.0)
    assert "cpu_mode_percent{mode=idle}" not in modes


def test_an_old_kernels_missing_modes_are_no_zeros() -> None:
    """Linux 2.4 counts four modes: there is no iowait then, rather than one of nothing."""
    before, now = cpu.parse_stat("cpu 1 1 1 1\n"), cpu.parse_stat("cpu 2 1 1 4\n")
    found = labelled(cpu.shares(now, before))
    assert found["cpu_percent"] == 25.0
    assert {label for label in found if "mode" in label} == {
        f"cpu_mode_percent{{mode={mode}}}" for mode in ("user", "nice", "system")
    }


def test_a_core_that_went_and_came_back_costs_its_own_sample() -> None:
    """One whose counters began anew, and one that was not there before, are left out once."""
    before = cpu.parse_stat("cpu 100 0 0 100\ncpu0 50 0 0 50\n")
    now = cpu.parse_stat("cpu 150 0 0 150\ncpu0 10 0 0 60\ncpu1 5 0 0 5\n")
    assert {label for label in labelled(cpu.shares(now, before)) if "mode" not in label} == {"cpu_percent"}


def test_iowait_that_goes_back_is_nothing_waited() -> None:
    """The kernel's own pages say that it may; the rest of the sample counts."""
    before = cpu.parse_stat("cpu 100 0 0 100 50 0 0 0\n")
    now = cpu.parse_stat("cpu 130 0 0 170 48 0 0 0\n")
    found = labelled(cpu.shares(now, before))
    assert found["cpu_mode_percent{mode=iowait}"] == 0.0
    assert found["cpu_percent"] == 30.0


@pytest.mark.parametrize("text", ["", "cpu 1\n", "cpu0 1 2 3 4\n", "cpu a b c d\n"])
def test_a_stat_file_without_cpus_is_an_error(text: str) -> None:
    """Rather than a host that does nothing."""
    with pytest.raises(ValueError, match=r"/proc/stat|could not convert"):
        cpu.parse_stat(text)


def test_disks_are_reckoned_as_iostat_does() -> None:
    """Await is the time of what was completed by its number, utilisation the time with work by the whole."""
    now = devices.Counters(1100, 80_000 + 512_000, 5300, 2300, 160_000 + 1_024_000, 9900, 3500)
    found = labelled(devices.traffic({"sda": now}, {"sda": DISK}, 2.0))
    assert found == {
        "device_read_bytes{device=sda}": 256_000.0,
        "device_write_bytes{device=sda}": 512_000.0,
        "device_operations{device=sda}": 200.0,
        "device_latency_ms{device=sda}": 3.0,
        "device_busy_percent{device=sda}": 25.0,
        "disk_read_bytes": 256_000.0,
        "disk_write_bytes": 512_000.0,
    }


def test_a_disk_that_did_nothing_has_no_latency() -> None:
    """Zero, as iostat prints it, and no division by the operations there were not."""
    found = labelled(devices.traffic({"sda": DISK}, {"sda": DISK}, 1.0))
    assert set(found.values()) == {0.0}


def test_a_disk_that_vanishes_takes_only_its_own_series_along() -> None:
    """What is left goes on, and the sum of all does not fall back by what the lost one ever read."""
    later = DISK._replace(read_bytes=DISK.read_bytes + 1000)
    found = labelled(devices.traffic({"sda": later}, {"sda": DISK, "sdb": DISK}, 1.0))
    assert found["disk_read_bytes"] == 1000.0
    assert not [label for label in found if "sdb" in label]
    assert labelled(devices.traffic({}, {"sda": DISK}, 1.0)) == {}


def test_a_new_disk_does_not_count_what_it_did_before() -> None:
    """One that is plugged in shows from its second reading on."""
    found = labelled(devices.traffic({"sda": DISK, "sdb": DISK}, {"sda": DISK}, 1.0))
    assert found["disk_read_bytes"] == 0.0
    assert not [label for label in found if "sdb" in label]


def test_a_counter_that_wraps_costs_one_sample() -> None:
    """Milliseconds are 32 bits wide: of that disk and of the sum one sample is missing, others go on."""
    full = DISK._replace(read_ms=2**32 - 5)
    wrapped = full._replace(reads=1010, read_ms=7)
    found = labelled(devices.traffic({"sda": wrapped, "sdb": DISK}, {"sda": full, "sdb": DISK}, 1.0))
    assert {label for label in found if "sdb" not in label} == set()
    assert len(found) == 5


def test_many_disks_are_bounded_but_all_are_summed() -> None:
    """A storage server's forty disks give sixteen times five series, and one throughput of them all."""
    before = {f"sd{number}": DISK for number in range(40)}
    now = {name: DISK._replace(read_bytes=DISK.read_bytes + 10) for name in before}
    found = labelled(devices.traffic(now, before, 1.0))
    assert found["disk_read_bytes"] == 400.0
    assert len(found) == devices.MAX_DEVICES * 5 + 2


def test_partitions_and_stacked_devices_are_no_disks() -> None:
    """Bytes count once; lines of partitions of old kernels, which lack columns, are passed over."""
    found = devices.parse_diskstats(PROC["diskstats"] + "   3    1 hda1 35486 38030 38030 38030\n")
    assert found["nvme0n1"] == devices.Counters(1000, 40_960_000, 5000, 2000, 81_920_000, 9000, 3000)
    assert "hda1" not in found
    blocks = ["loop0", "nvme0n1", "sda", "dm-0"]
    assert devices.whole_disks(found, blocks) == {"nvme0n1", "sda"}
    assert devices.whole_disks(found, []) == set(found)
    assert devices.whole_disks(["loop0"], ["loop0"]) == {"loop0"}


def test_interfaces_lose_packets_both_ways() -> None:
    """Errors and drops are those received and those sent; old kernels put no blank behind the name."""
    found = network.parse_net_dev(PROC["net/dev"])
    assert found["eth0"] == (10_000, 20_000, 4, 6)
    assert found["lo"] == (9_001_608, 9_001_608, 0, 0)
    with pytest.raises(ValueError, match="'eth0: 1 2 3' is no line"):
        network.parse_net_dev("\n\neth0: 1 2 3\n")
