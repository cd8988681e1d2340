from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest
from astronomer.runtime.concurrency.resources import MIB, available_memory, measure

MACHINE = {"proc/meminfo": "MemTotal:  8388608 kB\nMemFree: 1 kB\n"}


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in {**MACHINE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_limits_it_is_the_machine(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "max 100000\n",
        "sys/fs/cgroup/memory.max": "max\n",
    }
    resources = measure(tree(tmp_path, files), affinity=4)
    assert (resources.cpus, resources.memory) == (4, 8192 * MIB)
    assert "machine" in resources.cpus_from and "machine" in resources.memory_from


def test_limits_of_cgroup_v2(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/memory.max": f"{2048 * MIB}\n",
    }
    resources = measure(tree(tmp_path, files), affinity=4)
    assert (resources.cpus, resources.memory) == (1.5, 2048 * MIB)
    assert "v2" in resources.cpus_from and "v2" in resources.memory_from


def test_limits_of_a_cgroup_around_ours_hold_too(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/pod/container\n",
        "sys/fs/cgroup/pod/memory.max": f"{1024 * MIB}\n",
        "sys/fs/cgroup/pod/container/memory.max": "max\n",
    }
    assert measure(tree(tmp_path, files), affinity=4).memory == 1024 * MIB


def test_limits_of_cgroup_v1_as_a_container_sees_them(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * MIB}\n",
    }
    resources = measure(tree(tmp_path, files), affinity=4)
    assert (resources.cpus, resources.memory) == (0.5, 512 * MIB)


def test_cgroup_v1_writes_no_limit_as_a_huge_or_negative_number(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:cpu,cpuacct:/\n3:memory:/\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    resources = measure(tree(tmp_path, files), affinity=2)
    assert (resources.cpus, resources.memory) == (2, 8192 * MIB)


def test_a_kernel_that_says_something_else_is_an_error(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "lots\n"}
    with pytest.raises(ValueError):
        measure(tree(tmp_path, files), affinity=2)


def test_this_machine_can_be_measured() -> None:
    resources = measure()
    assert resources.cpus > 0 and resources.memory > 64 * MIB


def test_file_cache_that_can_be_dropped_is_available(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n",
        "proc/self/cgroup": "3:memory:/\n0::/\n",
        "sys/fs/cgroup/memory.max": f"{500 * MIB}\n",
        "sys/fs/cgroup/memory.current": f"{450 * MIB}\n",
        "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {100 * MIB}\n",
    }
    assert available_memory(tree(tmp_path, files)) == 150 * MIB
    files["sys/fs/cgroup/memory.max"] = "max\n"
    assert available_memory(tree(tmp_path, files)) == 4096 * MIB
    for name, value in (("limit", 300), ("usage", 290)):
        files[f"sys/fs/cgroup/memory/memory.{name}_in_bytes"] = f"{value * MIB}\n"
    files["sys/fs/cgroup/memory/memory.stat"] = f"total_inactive_file {5 * MIB}\n"
    assert available_memory(tree(tmp_path, files)) == 15 * MIB
