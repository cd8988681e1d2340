"""A cgroup for each task, where this process may make them.

Sources: the kernel's documents on cgroup v2 (`memory.max`, `cpu.weight`, "No Internal Process
Constraint", "Delegation") and v1 (`memory.limit_in_bytes`, `cpu.shares`).
"""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

from astronomer.runtime.executor.isolation.task_process import Limits
from astronomer.runtime.process_table import look_at

_PERIOD = 100_000
"""Microseconds, in which a quota of processor time is given; the kernel's default."""

_PREFIX = "astronomer-tasks-"
"""Of the cgroup around all tasks, before the pid of their supervisor."""

_REST = "astronomer-rest"
"""v2: the cgroup of all that was in the one above: only one without processes can have cgroups with
limits below it."""

_PATIENCE = 1.0
"""Seconds that the kernel may take to let go of an empty cgroup."""


class CgroupUse(NamedTuple):
    """What the processes of a cgroup have used."""

    memory: int
    """Bytes of the working set: without file cache that the kernel may drop."""

    cpu_seconds: float

    highest: int
    """Bytes that it had at most, with file cache; 0 where the kernel does not tell (v2 before Linux
    5.19)."""

    kills: int
    """Processes that the kernel ended for memory."""


class TaskCgroup(ABC):
    """The cgroup of one task."""

    def __init__(self, folders: Dict[str, Path]) -> None:
        self._folders = folders
        """By controller; cgroup v2 has one folder for all."""

    @property
    def entries(self) -> List[str]:
        """The files to which a process writes `0` to enter."""
        return [str(each / "cgroup.procs") for each in dict.fromkeys(self._folders.values())]

    def can_be_entered(self) -> bool:
        """Whether processes of this user can enter, by one that does."""
        enter = 'for entry; do echo 0 > "$entry" || exit 1; done'
        done = subprocess.run(
            ["/bin/sh", "-c", enter, "sh", *self.entries], stderr=subprocess.DEVNULL
        )
        return done.returncode == 0

    def remove(self) -> bool:
        """Remove it; returns whether it is gone: with processes in it, it stays."""
        deadline = time.monotonic() + _PATIENCE
        for each in dict.fromkeys(self._folders.values()):
            while True:
                try:
                    each.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:
                    if time.monotonic() < deadline and not _words(each / "cgroup.procs"):
                        time.sleep(0.01)
                        continue
                    return False
                break
        return True

    @abstractmethod
    def set_limits(self, limits: Limits) -> None:
        """Hold its processes to what the task asked for.

        Raises:
            OSError: The kernel refuses.
        """

    @abstractmethod
    def use(self) -> CgroupUse:
        """What its processes have used so far."""


class _V1(TaskCgroup):
    def set_limits(self, limits: Limits) -> None:
        memory, cpu = self._folders["memory"], self._folders.get("cpu")
        if limits.memory_bytes:
            _write(memory / "memory.limit_in_bytes", limits.memory_bytes)
            if (memory / "memory.memsw.limit_in_bytes").exists():
                _write(memory / "memory.memsw.limit_in_bytes", limits.memory_bytes)
        if limits.cpu_millis and cpu:
            _write(cpu / "cpu.shares", max(2, limits.cpu_millis * 1024 // 1000))
            if limits.cap_cpu:
                _write(cpu / "cpu.cfs_period_us", _PERIOD)
                _write(cpu / "cpu.cfs_quota_us", _quota(limits))

    def use(self) -> CgroupUse:
        memory = self._folders["memory"]
        used = _number(memory / "memory.usage_in_bytes")
        accounts = self._folders.get("cpuacct")
        return CgroupUse(
            max(0, used - _pairs(memory / "memory.stat").get("total_inactive_file", 0)),
            _number(accounts / "cpuacct.usage") / 1e9 if accounts else 0.0,
            _number(memory / "memory.max_usage_in_bytes"),
            _pairs(memory / "memory.oom_control").get("oom_kill", 0),
        )


class _V2(TaskCgroup):
    def set_limits(self, limits: Limits) -> None:
        folder = self._folders["memory"]
        if limits.memory_bytes:
            _write(folder / "memory.max", limits.memory_bytes)
            if (folder / "memory.swap.max").exists():
                _write(folder / "memory.swap.max", 0)
        if limits.cpu_millis and (folder / "cpu.weight").exists():
            # 100 for one CPU, as 1024 shares are with v1. Source: KEP-2254 has another scale, which
            # gives a CPU 39; among siblings the proportion alone counts.
            _write(folder / "cpu.weight", min(10_000, max(1, limits.cpu_millis // 10)))
            if limits.cap_cpu:
                _write(folder / "cpu.max", f"{_quota(limits)} {_PERIOD}")

    def use(self) -> CgroupUse:
        folder = self._folders["memory"]
        used = _number(folder / "memory.current")
        return CgroupUse(
            max(0, used - _pairs(folder / "memory.stat").get("inactive_file", 0)),
            _pairs(folder / "cpu.stat").get("usage_usec", 0) / 1e6,
            _number(folder / "memory.peak"),
            _pairs(folder / "memory.events").get("oom_kill", 0),
        )


class Cgroups:
    """Where the tasks' cgroups are made; `find` says whether they can be."""

    def __init__(self, version: int, folders: Dict[str, Path]) -> None:
        self.version = version
        self._folders = folders

    @classmethod
    def find(cls, root: Path = Path("/"), delegated: Optional[Path] = None) -> Optional[Cgroups]:
        """Make a folder for tasks; None where that is not allowed, or the kernel has no use for it.

        Args:
            root: Where `proc` and `sys` are.
            delegated: A folder of cgroup v2 that is this user's to use; None for the cgroup that
                this process is in.
        """
        own = _own_folders(root)
        if delegated is not None:
            return cls._prepared(2, {"memory": delegated})
        if "memory" in own:
            names = ("memory", "cpu", "cpuacct")
            return cls._prepared(1, {name: own[name] for name in names if name in own})
        if "" in own:
            return cls._prepared(2, {"memory": own[""]})
        return None

    @classmethod
    def _prepared(cls, version: int, parents: Dict[str, Path]) -> Optional[Cgroups]:
        name = f"{_PREFIX}{os.getpid()}"
        made: List[Path] = []
        try:
            if version == 2:
                parents = {"memory": _hand_down(parents["memory"])}
            folders = {controller: parent / name for controller, parent in parents.items()}
            for parent in dict.fromkeys(parents.values()):
                _remove_left(parent)
            for folder in dict.fromkeys(folders.values()):
                folder.mkdir()
                made.append(folder)
            if version == 2:
                _write(folders["memory"] / "cgroup.subtree_control", _wanted(folders["memory"]))
            found = cls(version, folders)
            # What can be made can still be unusable.
            trial = found.create("trial", Limits(1000, 2**30))
            if trial is not None and trial.can_be_entered() & trial.remove():
                return found
        except (OSError, ValueError):
            pass
        for folder in made:
            _remove(folder)
        return None

    def create(self, name: str, limits: Limits) -> Optional[TaskCgroup]:
        """A cgroup for a task; None where the kernel refuses it.

        Args:
            name: A file's name that no other task here has.
            limits: What the task asked for.
        """
        folders = {controller: parent / name for controller, parent in self._folders.items()}
        made = _V2(folders) if self.version == 2 else _V1(folders)
        try:
            for folder in dict.fromkeys(folders.values()):
                folder.mkdir()
            made.set_limits(limits)
        except OSError:
            made.remove()
            return None
        return made

    def close(self) -> None:
        """Remove what was made; tasks' cgroups with processes in them stay."""
        for folder in dict.fromkeys(self._folders.values()):
            for below in folder.glob("*/"):
                _remove(below)
            _remove(folder)


def _remove_left(parent: Path) -> None:
    """Remove what supervisors have left that were killed; what holds a process stays."""
    for folder in parent.glob(f"{_PREFIX}*/"):
        pid = folder.name[len(_PREFIX) :]
        if pid.isdigit() and look_at(int(pid)) is None:
            for below in folder.glob("*/"):
                _remove(below)
            _remove(folder)


def _hand_down(folder: Path) -> Path:
    """Let cgroups below a folder of v2 have limits; returns the folder, or the one above.

    Raises:
        OSError, ValueError: That is not allowed, or the kernel holds memory in v1.
    """
    if folder.name == _REST:
        folder = folder.parent
    if not (folder / "cgroup.type").exists():
        # The machine's root, which is nobody's to divide.
        raise ValueError(f"{folder} is the root of all cgroups.")
    if "memory" not in _words(folder / "cgroup.controllers"):
        raise ValueError(f"{folder} has no controller of memory.")
    if "memory" not in _words(folder / "cgroup.subtree_control"):
        rest = folder / _REST
        if _words(folder / "cgroup.procs"):
            rest.mkdir(exist_ok=True)
        for pid in _words(folder / "cgroup.procs"):
            try:
                _write(rest / "cgroup.procs", pid)
            except ProcessLookupError:
                pass
        _write(folder / "cgroup.subtree_control", _wanted(folder))
    return folder


def _wanted(folder: Path) -> str:
    offered = _words(folder / "cgroup.controllers")
    return " ".join(f"+{name}" for name in ("memory", "cpu") if name in offered)


def _own_folders(root: Path) -> Dict[str, Path]:
    """The cgroups of this process by controller, v2's under the name ``""``."""
    paths: Dict[str, str] = {}
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    found: Dict[str, Path] = {}
    for mount in _mounts(root):
        for controller in mount.controllers & set(paths):
            # A container sees its own cgroup as the root of the tree, or as the machine names it.
            inside = os.path.relpath(paths[controller], mount.root)
            folder = mount.folder if inside.startswith("..") else mount.folder / inside
            found[controller] = folder if folder.is_dir() else mount.folder
    return found


class _Mount(NamedTuple):
    root: str
    folder: Path
    controllers: "frozenset[str]"


def _mounts(root: Path) -> Iterator[_Mount]:
    # Source: proc_pid_mountinfo(5).
    for line in (root / "proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        words, (kind, _, options) = before.split(), after.split(" ", 2)
        folder = root / words[4].lstrip("/")
        if kind == "cgroup2":
            yield _Mount(words[3], folder, frozenset([""]))
        elif kind == "cgroup":
            yield _Mount(words[3], folder, frozenset(options.split(",")))


def _quota(limits: Limits) -> int:
    # The kernel gives no less than a millisecond.
    return max(1000, limits.cpu_millis * _PERIOD // 1000)


def _write(path: Path, value: object) -> None:
    # Not by `write_text`, whose buffer would be written once more, and fail once more, at the end.
    with open(path, "wb", buffering=0) as file:
        file.write(str(value).encode())


def _words(path: Path) -> List[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _number(path: Path) -> int:
    words = _words(path)
    return int(words[0]) if words else 0


def _pairs(path: Path) -> Dict[str, int]:
    words = _words(path)
    return {name: int(value) for name, value in zip(words[::2], words[1::2]) if value.isdigit()}


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass
