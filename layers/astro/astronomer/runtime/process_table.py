"""Which processes there are, and which of them started which. Source: proc(5), `stat`."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

_PAGE = resource.getpagesize()

PROC = Path("/proc")


class Process(NamedTuple):
    """A process as it was at one moment."""

    pid: int
    parent: int

    state: str
    """One letter: `Z` has ended, and its parent does not know yet; `T` is stopped."""

    began: int
    """Clock ticks since the machine started. With the pid, it is the process' identity: a pid alone
    may be another process' a moment later."""

    resident: int
    """Bytes of memory that are in use, those that it shares with others in full."""


class ProcessTable:
    """The processes that this user may see, at one moment."""

    def __init__(self, processes: Dict[int, Process]) -> None:
        self.processes = processes
        self._children: Dict[int, List[int]] = {}
        for each in processes.values():
            self._children.setdefault(each.parent, []).append(each.pid)

    @classmethod
    def read(cls, proc: Path = PROC) -> ProcessTable:
        """As they are now; those that end meanwhile may be missing."""
        # For the user's own processes it does not matter whether others' are hidden (`hidepid`).
        entries = (entry for entry in os.listdir(proc) if entry.isdigit())
        found = (look_at(int(entry), proc) for entry in entries)
        return cls({each.pid: each for each in found if each is not None})

    def children(self, pid: int) -> List[Process]:
        """What it started, or adopted, and has not outlived."""
        return [self.processes[child] for child in self._children.get(pid, ())]

    def descendants(self, pid: int) -> Iterator[Process]:
        """Its children, then theirs, and so on."""
        generation = self.children(pid)
        seen = {pid}
        while generation:
            yield from generation
            seen.update(each.pid for each in generation)
            below = (child for each in generation for child in self.children(each.pid))
            # Entries were read one after the other, so a pid may have been used twice.
            generation = [child for child in below if child.pid not in seen]


def children(pid: int, proc: Path = PROC) -> List[int]:
    """Process ids of what a process' first thread has started, or adopted, and not outlived.

    Quicker than a table, and empty on kernels without it (`CONFIG_PROC_CHILDREN`).
    """
    try:
        return [int(word) for word in (proc / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def look_at(pid: int, proc: Path = PROC) -> Optional[Process]:
    """A process; None where it has gone."""
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:
            # After the name, which is in brackets and may hold anything.
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(words) < 22:
        return None
    state, parent, began, pages = words[0], words[1], words[19], words[21]
    return Process(pid, int(parent), state.decode(), int(began), int(pages) * _PAGE)


def send(process: Process, number: int, proc: Path = PROC) -> None:
    """Send a signal to this process, and to no other that got its pid since."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        # Before Linux 5.3, or where a sandbox forbids it: a moment remains between look and signal.
        _send_by_pid(process, number, proc)
        return
    try:
        if _is_same(process, proc):
            signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, PermissionError):
        pass
    finally:
        os.close(handle)


def _send_by_pid(process: Process, number: int, proc: Path) -> None:
    try:
        if _is_same(process, proc):
            os.kill(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _is_same(process: Process, proc: Path) -> bool:
    now = look_at(process.pid, proc)
    return now is not None and now.began == process.began
