"""Why a task was ended, in one sentence for people."""

from __future__ import annotations

import signal

from astronomer.runtime.concurrency.resources import MIB


def above_request(used: int, limit: int, processes: int) -> str:
    """The monitor has found it above what it asked for."""
    return (
        f"Ended by the runner for memory: the task asked for {_size(limit)}, which is its limit, "
        f"and its {_count(processes)} took {_size(used)}."
    )


def killed_in_cgroup(peak: int, limit: int) -> str:
    """The kernel has ended a process in its cgroup, and the runner the others."""
    return (
        f"Ended by the kernel for memory: the task asked for {_size(limit)}, which is the limit of "
        f"its cgroup, and needed more; it took {_size(peak)} at most."
    )


def container_full(used: int, available: int) -> str:
    """The container had no memory left, and the task had not asked for any."""
    return (
        f"Ended by the runner for memory: the task asked for none, so it has no limit, and took "
        f"{_size(used)} when the container had {_size(available)} left; no other task without a "
        "request took more."
    )


def killed_by_others(peak: int, limit: int) -> str:
    """Its first process was killed, and nobody here did it."""
    asked = f"asked for {_size(limit)} of memory" if limit else "asked for no memory"
    return (
        f"Ended by {signal.SIGKILL.name} from outside of the runner, as the kernel does when the "
        f"container's memory is full: the task {asked} and took {_size(peak)} at most."
    )


def attendant_killed() -> str:
    return "Ended by the runner: the process that attended the task was killed."


def not_all_killed(left: int) -> str:
    return (
        f"{left} of its processes could not be killed: they are another user's, or wait for a disk."
    )


def lease_over() -> str:
    return (
        "Ended by the runner: it could not renew its lease, so another runner may start the task."
    )


def not_started(why: str) -> str:
    return f"The task could not be started: {why}."


def supervisor_ended() -> str:
    return "Ended with the process that supervises the runner's tasks, which was killed."


def closed() -> str:
    return "Ended by the runner, which was told to end."


def _size(count: int) -> str:
    return f"{count / MIB:.0f} MiB" if count < 10 * 1024 * MIB else f"{count / MIB / 1024:.1f} GiB"


def _count(processes: int) -> str:
    return "process" if processes == 1 else f"{processes} processes"
