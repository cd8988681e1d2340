"""The CPUs and the memory that this container may use.

Source: the kernel's cgroup-v1 and cgroup-v2 documents (`cpu.cfs_quota_us`,
`memory.limit_in_bytes`; `cpu.max`, `memory.max`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple, Optional, Tuple

MIB = 1024 * 1024


class Resources(NamedTuple):
    """What a container may use, and what says so."""

    cpus: float
    """CPUs' worth of time, for example 0.5."""

    memory: int
    """Bytes."""

    cpus_from: str
    memory_from: str


def measure(root: Path = Path("/"), affinity: Optional[int] = None) -> Resources:
    """Read the limits of this process: its own cgroup's and those of all cgroups around it.

    Args:
        root: Where `proc` and `sys` are.
        affinity: CPUs that the process may run on; None asks the system.

    Raises:
        OSError, ValueError: The kernel's files cannot be read or understood.
    """
    usable = len(os.sched_getaffinity(0)) if affinity is None else affinity
    cpus = min([(float(usable), "the machine's CPUs"), *_cpu_limits(root)])
    memory = min([(_meminfo(root, "MemTotal"), "the machine's memory"), *_memory_limits(root)])
    return Resources(cpus[0], memory[0], cpus[1], memory[1])


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that processes here may still take, of what they have not.

    File cache that the kernel may drop counts as not taken.

    Args:
        root: Where `proc` and `sys` are.

    Raises:
        OSError, ValueError: The kernel's files cannot be read or understood.
    """
    return max(0, min([_meminfo(root, "MemAvailable"), *_left_by_limits(root)]))


def _left_by_limits(root: Path) -> Iterator[int]:
    for folder in _folders(root, ""):
        words, used = _words(folder / "memory.max"), _words(folder / "memory.current")
        if words and used and words[0] != "max":
            yield int(words[0]) - int(used[0]) + _statistic(folder, "inactive_file")
    for folder in _folders(root, "memory"):
        words = _words(folder / "memory.limit_in_bytes")
        used = _words(folder / "memory.usage_in_bytes")
        if words and used:
            yield int(words[0]) - int(used[0]) + _statistic(folder, "total_inactive_file")


def _statistic(folder: Path, name: str) -> int:
    words = _words(folder / "memory.stat")
    return int(words[words.index(name) + 1]) if name in words else 0


def _cpu_limits(root: Path) -> Iterator[Tuple[float, str]]:
    for folder in _folders(root, ""):
        words = _words(folder / "cpu.max")
        if words and words[0] != "max":
            yield int(words[0]) / int(words[1]), "cgroup v2 cpu.max"
    for folder in _folders(root, "cpu"):
        quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
        if quota and period and int(quota[0]) > 0:
            yield int(quota[0]) / int(period[0]), "cgroup v1 cpu.cfs_quota_us"


def _memory_limits(root: Path) -> Iterator[Tuple[int, str]]:
    for folder in _folders(root, ""):
        words = _words(folder / "memory.max")
        if words and words[0] != "max":
            yield int(words[0]), "cgroup v2 memory.max"
    for folder in _folders(root, "memory"):
        # Without a limit it is a number larger than any machine's memory.
        words = _words(folder / "memory.limit_in_bytes")
        if words:
            yield int(words[0]), "cgroup v1 memory.limit_in_bytes"


def _folders(root: Path, controller: str) -> Iterable[Path]:
    """The process' cgroup of a v1 controller (v2's without a name), and all cgroups around it.

    A container often sees its own cgroup as the root of the tree, while `/proc/self/cgroup` names
    it as the machine sees it: folders that are not there have no limits.
    """
    own = "/"
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and "/.." not in path:
            own = path
    tree = root / "sys/fs/cgroup" / controller
    names = own.strip("/").split("/")
    folders: List[Path] = [tree.joinpath(*names[:depth]) for depth in range(len(names), 0, -1)]
    return [*folders, tree]


def _meminfo(root: Path, name: str) -> int:
    for line in (root / "proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/meminfo has no line {name}.")


def _words(path: Path) -> List[str]:
    try:
        return path.read_text().split()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
