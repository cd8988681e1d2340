"""What a runner starts tasks with, and what it knows of one that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Dict, List, Optional, Sequence

_WARM_PARENT = "astronomer.runtime.executor.isolation.warm_parent"


@dataclass(frozen=True)
class Limits:
    """What a task asked for; 0 is no limit."""

    cpu_millis: int
    memory_bytes: int


@dataclass(frozen=True)
class Ended:
    """How a task ended."""

    exit_code: Optional[int]
    """None where a signal ended it."""

    signal: Optional[int]
    reason: str
    """Why it was ended, one sentence for people; empty where it ended by itself."""

    peak_memory_bytes: int
    cpu_seconds: float


def starter() -> Any:
    """What starts tasks: forks of a warm parent where the package has it, else new interpreters."""
    try:
        module = import_module(_WARM_PARENT)
    except ModuleNotFoundError:
        return PlainStarter()
    return module.WarmParent()


class PlainTask:
    """A task in a process group of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        words = list(command)
        # This interpreter's, whatever the PATH has.
        words[:1] = [sys.executable, "-m", "airflow"] if words[0] == "airflow" else words[:1]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, start_new_session=True, close_fds=True
        )
        self.pid = self._process.pid
        self._reason = ""
        self._kill_at = float("inf")

    def poll(self) -> Optional[Ended]:
        """How it ended; None while it runs."""
        code = self._process.poll()
        if code is None:
            if time.monotonic() > self._kill_at:
                self._signal(signal.SIGKILL)
            return None
        self._signal(signal.SIGKILL)
        exit_code, number = (code, None) if code >= 0 else (None, -code)
        return Ended(exit_code, number, self._reason, 0, 0.0)

    def stop(self, grace_seconds: float, reason: str) -> None:
        """Have it ended; killed after so many seconds."""
        self._reason = self._reason or reason
        self._kill_at = min(self._kill_at, time.monotonic() + grace_seconds)
        self._signal(signal.SIGTERM if grace_seconds else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass


class PlainStarter:
    """Starts each task as a new program; the limits are not enforced."""

    def __init__(self) -> None:
        self._tasks: List[PlainTask] = []

    def start(self, command: Sequence[str], limits: Any, name: str) -> PlainTask:
        """Start a task; raises OSError where there is no such program."""
        self._tasks.append(PlainTask(command))
        return self._tasks[-1]

    def keep_lease(self, seconds: float) -> None:
        """Nothing: only the runner itself ends tasks when its lease is over."""

    def fileno(self) -> int:
        """None that says when a task has ended."""
        return -1

    def close(self) -> None:
        """End all tasks at once."""
        for task in self._tasks:
            if task.poll() is None:
                task.stop(0, "Its runner ended.")
        for task in self._tasks:
            while task.poll() is None:
                time.sleep(0.01)


def as_record(ended: Any) -> Dict[str, Any]:
    """How a task ended, for a line of JSON."""
    return {
        "exit_code": ended.exit_code,
        "signal": ended.signal,
        "reason": ended.reason,
        "peak_memory_bytes": ended.peak_memory_bytes,
        "cpu_seconds": round(ended.cpu_seconds, 3),
    }
