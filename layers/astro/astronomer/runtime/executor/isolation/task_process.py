"""What the runner knows of a task's processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional


@dataclass(frozen=True)
class Limits:
    """What a task asked for; 0 means that it has no limit."""

    cpu_millis: int = 0
    """Thousandths of a CPU. Where CPUs are scarce, tasks get them in proportion to it."""

    memory_bytes: int = 0
    """A task that takes more is ended."""

    cap_cpu: bool = False
    """Whether the task gets no more than `cpu_millis`, even of CPUs that are idle."""


@dataclass(frozen=True)
class Ended:
    """How a task ended: all its processes have."""

    exit_code: Optional[int]
    """None where a signal ended the task's first process."""

    signal: Optional[int]
    """The signal that ended it; None where it exited."""

    reason: str
    """One sentence for people; empty where the task ended by itself."""

    peak_memory_bytes: int
    """The most that all its processes had together, without what they shared with the warm parent:
    with cgroups the working set (what the kernel charged, without file cache that it may drop),
    else proportional memory. As far as it was seen: 0 for a task that ended before the first look.
    """

    cpu_seconds: float
    """Processor time of all its processes that were waited for, and of the one that attends it."""


class TaskProcess:
    """A task that `WarmParent.start` was asked for."""

    def __init__(
        self, refresh: Callable[[], None], stop: Callable[[float, str], None], name: str
    ) -> None:
        self.name = name
        self._pid: Optional[int] = None
        self._reason = ""
        self._refresh = refresh
        self._stop = stop
        self._ended: Optional[Ended] = None

    @property
    def pid(self) -> Optional[int]:
        """The task's first process; None until it has begun."""
        if self._pid is None:
            self._refresh()
        return self._pid

    @property
    def heard_reason(self) -> str:
        """`reason`, as far as `WarmParent.refresh` has heard."""
        return self._reason

    @property
    def heard_end(self) -> Optional[Ended]:
        """What `poll` returns, as far as `WarmParent.refresh` has heard."""
        return self._ended

    @property
    def reason(self) -> str:
        """Why the task is being ended, as soon as that is decided; empty while nobody ends it."""
        if not self._reason:
            self._refresh()
        return self._reason

    def poll(self) -> Optional[Ended]:
        """How it ended; None while it is waiting or running. Returns at once."""
        if self._ended is None:
            self._refresh()
        return self._ended

    def stop(self, grace_seconds: float, reason: str) -> None:
        """Have the task ended; returns at once.

        Args:
            grace_seconds: So long after SIGTERM to its first process, all that is left is killed; 0
                kills at once.
            reason: One sentence for people, which becomes `Ended.reason` unless there is an earlier
                one.
        """
        if self._ended is None:
            self._stop(grace_seconds, reason)

    def note(self, message: Dict[str, Any]) -> None:
        """Take what the supervisor tells of the task; `WarmParent` calls it."""
        if self._ended is not None:
            return
        if "pid" in message:
            self._pid = message["pid"]
        if "reason" in message:
            self._reason = message["reason"]
        if "ended" in message:
            self._ended = Ended(**message["ended"])
            self._reason = self._ended.reason
