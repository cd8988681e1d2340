"""Which task takes more memory than it asked for, where no cgroup holds it.

A look at the table of processes is cheap, a process' proportional memory is not. It is read where
the resident memory says that it may have changed, and every few seconds.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

from astronomer.runtime.concurrency.resources import MIB, available_memory
from astronomer.runtime.executor.isolation.proportional_memory import Memory, memory_of, tree_memory
from astronomer.runtime.process_table import PROC, Process, ProcessTable

LONGEST = 0.5
"""Seconds between two looks where there is room."""

SHORTEST = 0.05

_SPEED = 2 * 2**30
"""Bytes a second that a process can take of one CPU: zeroed by the kernel, page for page."""

_SHARE = 0.05
"""Of a CPU, that looking may take."""

_GROWTH = 8 * MIB
"""Of resident memory, after which a task's memory is read again; and so close to its request, it is
read at each look."""

_OFTEN = 5.0
"""Seconds after which it is read whatever the resident memory says: a fork that writes to pages
which it had in common with its parent takes memory, and is as resident as before."""

_SCARCE = 0.02
"""Of all memory: with less to be had, the kernel is about to choose."""

_PRESSURE = 0.1
"""Of the time, that some process waited for memory: others are written out already."""


@dataclass
class Measured:
    """What is known of one task."""

    pid: int
    """The process whose descendants are the task's."""

    limit: int
    """Bytes; 0 for none."""

    now: int = 0
    """Bytes at the last reading."""

    peak: int = 0

    alone: int = 0
    """Bytes of `now` that are its first process'."""

    processes: int = 0
    """How many it had at the last look."""

    pids: FrozenSet[int] = frozenset()
    """Its processes at the last reading, as the next two are of then."""

    resident: int = 0
    read_at: float = 0.0
    """By the monotonic clock."""

    @property
    def is_above(self) -> bool:
        return 0 < self.limit < self.now


class MemoryMonitor:
    """Looks at the memory of tasks.

    Args:
        capacity: Bytes that the container may use.
        proc: Where the system tells of processes and of pressure.
        root: Where `proc` and `sys` are, for the container's limits.
    """

    def __init__(self, capacity: int, proc: Path = PROC, root: Path = Path("/")) -> None:
        self._capacity = capacity
        self._proc = proc
        self._root = root
        self._cpus = len(os.sched_getaffinity(0))
        self.available = capacity
        """Bytes that could still be taken, at the last look."""
        self._pressure = Pressure(proc)
        self._is_pressed = False
        self._took = 0.0

    def look(self, tasks: Sequence[Measured], parent: Optional[int]) -> None:
        """Bring what is known of each task up to date.

        Args:
            tasks: All that run.
            parent: The warm parent's pid; None while there is none.
        """
        began = time.thread_time()
        table = ProcessTable.read(self._proc)
        inherited: List[Optional[Memory]] = []
        for task in tasks:
            processes = list(table.descendants(task.pid))
            task.processes = len(processes)
            if _may_have_changed(task, processes):
                if not inherited:
                    inherited.append(memory_of(parent, self._proc) if parent else None)
                self._read(task, processes, inherited[0])
        try:
            self.available = available_memory(self._root)
        except (OSError, ValueError):
            self.available = self._capacity
        self._is_pressed = self._pressure.since_last() > _PRESSURE
        self._took = time.thread_time() - began

    def chosen(self, tasks: Sequence[Measured]) -> Optional[Measured]:
        """The one task to end now: that which is furthest above its request; None for none.

        Where the container's memory is all but gone and every request is kept, it is the largest of
        the tasks without one: if all have one, the kernel decides.
        """
        above = [task for task in tasks if task.is_above]
        if not above and self.is_scarce:
            above = [task for task in tasks if not task.limit and task.now]
        return max(above, key=_excess) if above else None

    @property
    def is_scarce(self) -> bool:
        """Whether the kernel is about to end something."""
        return self.available < _SCARCE * self._capacity

    @property
    def pause(self) -> float:
        """Seconds until the next look: before the memory that is left could be taken."""
        if self._is_pressed:
            soon = SHORTEST
        else:
            soon = self.available / (_SPEED * self._cpus)
        return max(SHORTEST, min(LONGEST, soon), self._took / _SHARE)

    def _read(self, task: Measured, processes: List[Process], parent: Optional[Memory]) -> None:
        found: List[Memory] = []
        first = 0
        for each in processes:
            memory = memory_of(each.pid, self._proc)
            if memory is not None:
                found.append(memory)
                if each.parent == task.pid and not first:
                    first = tree_memory([memory], parent)
        task.now, task.alone = tree_memory(found, parent), first
        task.peak = max(task.peak, task.now)
        task.pids = frozenset(each.pid for each in processes)
        task.resident = _resident(processes)
        task.read_at = time.monotonic()


def _excess(task: Measured) -> int:
    return task.now - task.limit


def _may_have_changed(task: Measured, processes: List[Process]) -> bool:
    grown = _resident(processes) - task.resident
    return (
        abs(grown) > _GROWTH
        or (task.limit > 0 and task.now + grown > task.limit - _GROWTH)
        or task.pids != {each.pid for each in processes}
        or time.monotonic() > task.read_at + _OFTEN
    )


def _resident(processes: List[Process]) -> int:
    return sum(each.resident for each in processes)


class Pressure:
    """How long processes wait for memory. Source: the kernel's document on PSI."""

    def __init__(self, proc: Path = PROC) -> None:
        self._path = proc / "pressure/memory"
        self._last: Optional[Tuple[float, int]] = None

    def since_last(self) -> float:
        """The part of the time since the last call in which some process waited.

        0 on kernels without PSI (before 4.20, or switched off), and at the first call.
        """
        try:
            words = self._path.read_text().split("\n")[0].split()
        except OSError:
            return 0.0
        values: Dict[str, str] = dict(word.split("=", 1) for word in words if "=" in word)
        now = time.monotonic(), int(values.get("total", 0))
        last, self._last = self._last, now
        if last is None or now[0] <= last[0]:
            return 0.0
        return (now[1] - last[1]) / 1e6 / (now[0] - last[0])
