"""What the runner starts tasks with."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Dict, Optional, Sequence

from astronomer.runtime.executor.isolation import reasons
from astronomer.runtime.executor.isolation.channel import Channel, Message, pair
from astronomer.runtime.executor.isolation.task_process import Limits, TaskProcess

_SUPERVISOR = "astronomer.runtime.executor.isolation.supervisor"

AIRFLOW = "astronomer.runtime.executor.isolation.airflow_tasks"


class WarmParent:
    """Starts tasks by forks of a process that has loaded Airflow, and watches over them.

    Its methods, and those of the tasks, can be called by any thread, and return at once but for
    `close`. None raises what happens to a task: `TaskProcess.poll` says it.

    Args:
        preload: A module that a warm parent loads, with what `airflow_tasks` has.
        use_cgroups: Whether each task gets a cgroup where that is allowed; else, and where it is
            not, a monitor looks at the tasks' memory.
        cgroup_folder: A folder of cgroup v2 that this user may divide; None for the cgroup that
            this process is in, if it may be written.
    """

    def __init__(
        self,
        preload: str = AIRFLOW,
        use_cgroups: bool = True,
        cgroup_folder: Optional[Path] = None,
    ) -> None:
        self._arguments = [preload, "cgroups" if use_cgroups else "no-cgroups"]
        if cgroup_folder is not None:
            self._arguments.append(str(cgroup_folder))
        self._lock = threading.RLock()
        self._tasks: Dict[int, TaskProcess] = {}
        self._count = 0
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._channel: Optional[Channel] = None
        self._lease_seconds: Optional[float] = None
        self._lease_from = 0.0
        self._is_closed = False
        self.isolation = ""
        """What holds tasks to their memory: `cgroup v1`, `cgroup v2` or `monitor`; empty until that
        is known."""
        self._ensure_supervisor()

    def start(
        self, command: Sequence[str], limits: Limits = Limits(), name: str = ""
    ) -> TaskProcess:
        """Start a task.

        Args:
            command: As an executor gets it from Airflow: `airflow tasks run ... --local ...`.
            limits: What the task asked for.
            name: For people.

        Raises:
            RuntimeError: It is closed.
        """
        with self._lock:
            if self._is_closed:
                raise RuntimeError("The warm parent is closed.")
            self._count += 1
            number = self._count
            task = TaskProcess(
                self.refresh, lambda grace, reason: self._stop(number, grace, reason), name
            )
            self._tasks[number] = task
            self._ensure_supervisor()
            message = {"start": number, "command": list(command), "limits": asdict(limits)}
            try:
                self._send(message)
            except ValueError as error:
                self._end(number, reasons.not_started(f"its command is too long ({error})"))
            return task

    def keep_lease(self, seconds: float) -> None:
        """Let tasks run for so many seconds from now; if it is not called again, they are ended.

        The supervisor does that by itself, also when this process is stopped or hangs. Without any
        call tasks run as long as this process does.
        """
        with self._lock:
            self._lease_seconds, self._lease_from = seconds, time.monotonic()
            self._send({"lease": seconds})

    def fileno(self) -> int:
        """A descriptor that can be read when `poll` of some task may say something new."""
        with self._lock:
            self._ensure_supervisor()
            return self._channel.fileno() if self._channel else -1

    def close(self) -> None:
        """End all tasks at once, and wait until nothing of them is left."""
        with self._lock:
            self._is_closed = True
            process = self._process
            self._send({"close": True})
        if process is not None:
            while process.poll() is None:
                self.refresh()
                time.sleep(0.01)
        self.refresh()

    def _stop(self, number: int, grace: float, reason: str) -> None:
        with self._lock:
            self._send({"stop": number, "grace": grace, "reason": reason})

    def _send(self, message: Message) -> None:
        if self._channel is not None:
            self._channel.send(message)

    def refresh(self) -> None:
        """Hear what is new of all tasks; returns at once."""
        with self._lock:
            if self._channel is None:
                return
            self._channel.flush()
            for message in self._channel.receive():
                self._note(message)
            if not self._channel.is_open:
                self._give_up()

    def _note(self, message: Message) -> None:
        if "isolation" in message:
            self.isolation = message["isolation"]
            return
        number = message.pop("task")
        if number in self._tasks:
            self._tasks[number].note(message)
            if "ended" in message:
                del self._tasks[number]

    def _give_up(self) -> None:
        """The supervisor has ended; the attendants end their tasks then."""
        self._channel = None
        if self._process is not None:
            self._process.wait()
        self._process = None
        for number in list(self._tasks):
            self._end(number, reasons.supervisor_ended())

    def _end(self, number: int, reason: str) -> None:
        ended = {
            "exit_code": None,
            "signal": None,
            "reason": reason,
            "peak_memory_bytes": 0,
            "cpu_seconds": 0.0,
        }
        self._tasks.pop(number).note({"ended": ended})

    def _ensure_supervisor(self) -> None:
        self.refresh()
        if self._channel is not None or self._is_closed:
            return
        ours, theirs = pair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", _SUPERVISOR, str(theirs.fileno()), *self._arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        self._channel = Channel(ours)
        if self._lease_seconds is not None:
            rest = self._lease_from + self._lease_seconds - time.monotonic()
            self._send({"lease": max(0.0, rest)})
