"""Every metric of the host with its unit and meaning; screens and the README's table are made of it."""

from __future__ import annotations

from msgspec import Struct


class HostMetric(Struct, frozen=True):
    """One metric; all are gauges, throughput is a rate already.

    `tag` tells its series apart (one in brackets: there is one without it too, of the whole), `group` is the
    part of the host it belongs to.
    """

    group: str
    name: str
    unit: str
    tag: str
    meaning: str


_TABLE = {
    "cpu": (
        ("cpu_percent", "percent", "(core)", "time neither idle nor waiting for a disk"),
        ("cpu_mode_percent", "percent", "mode", "time in user, nice, system, iowait, irq, softirq, steal"),
        ("load1", "", "", "processes that run or wait to, or wait for a disk; mean of 1 minute"),
        ("load5", "", "", "as load1, mean of 5 minutes"),
        ("load15", "", "", "as load1, mean of 15 minutes"),
        ("load1_per_cpu", "", "", "load1 for each CPU that may be used"),
        ("pressure_cpu_some", "percent", "", "time of the last 10 s in which a task waited for a CPU"),
        ("cgroup_cpu_percent", "percent", "", "used of the collector's own CPU quota (container, unit)"),
        ("cgroup_throttled_percent", "percent", "", "periods in which that quota did not suffice"),
    ),
    "memory": (
        ("memory_percent", "percent", "", "memory that no program could get without swapping"),
        ("memory_available_bytes", "bytes", "", "memory that a program could still get"),
        ("swap_percent", "percent", "", "used of the swap"),
        ("swap_in_bytes", "bytes/s", "", "read back from swap"),
        ("swap_out_bytes", "bytes/s", "", "written to swap"),
        ("pressure_memory_some", "percent", "", "time of the last 10 s in which a task waited for memory"),
        ("pressure_memory_full", "percent", "", "time of the last 10 s in which all tasks waited for it"),
        ("oom_kills", "", "", "processes killed within 5 minutes because memory ran out"),
        (
            "cgroup_memory_percent",
            "percent",
            "",
            "used of the collector's own limit (container, unit)",
        ),
    ),
    "disk": (
        ("disk_percent", "percent", "mount", "used of what users may fill, as df counts"),
        ("disk_available_bytes", "bytes", "mount", "what users may still write"),
        ("inodes_percent", "percent", "mount", "used of the files that users may make, as df -i counts"),
        ("disk_read_bytes", "bytes/s", "", "read from all disks"),
        ("disk_write_bytes", "bytes/s", "", "written to all disks"),
        ("device_busy_percent", "percent", "device", "time in which it had work, as iostat's %util"),
        ("device_latency_ms", "ms", "device", "what each of them took, as iostat's await; 0 without any"),
        ("device_operations", "/s", "device", "reads and writes that it completed"),
        ("device_read_bytes", "bytes/s", "device", "read from one disk"),
        ("device_write_bytes", "bytes/s", "device", "written to one disk"),
        ("pressure_io_some", "percent", "", "time of the last 10 s in which a task waited for a disk"),
        ("pressure_io_full", "percent", "", "time of the last 10 s in which all tasks waited for one"),
    ),
    "network": (
        ("network_receive_bytes", "bytes/s", "interface", "received"),
        ("network_transmit_bytes", "bytes/s", "interface", "sent"),
        ("network_errors", "/s", "interface", "damaged packets, both ways"),
        ("network_drops", "/s", "interface", "packets thrown away, both ways"),
        ("tcp_retransmits", "/s", "", "segments sent again"),
        ("tcp_established", "", "", "open TCP connections"),
        ("tcp_time_wait", "", "", "closed TCP connections that are waited for"),
        ("sockets", "", "", "sockets in use, of every kind"),
    ),
    "processes": (
        ("process_count", "", "", "processes there are"),
        ("processes", "", "state", "those running, sleeping, blocked (mostly on a disk), stopped, zombie"),
        ("open_files", "", "", "open files of the whole host"),
        ("open_files_percent", "percent", "", "open files, of as many as may be"),
    ),
    "temperature": (("temperature_celsius", "celsius", "sensor", "the hottest place of a chip"),),
}
HOST_METRICS = tuple(HostMetric(group, *row) for group, rows in _TABLE.items() for row in rows)
BY_NAME = {one.name: one for one in HOST_METRICS}
UNITS = {one.name: one.unit for one in HOST_METRICS}


def markdown_table() -> str:
    """Every metric as a Markdown table: name, tag, unit, meaning."""
    rows = ["| metric | tag | unit | meaning |", "|---|---|---|---|"]
    rows += [f"| `{one.name}` | {one.tag} | {one.unit} | {one.meaning} |" for one in HOST_METRICS]
    return "\n".join(rows).replace("  |", " |") + "\n"
