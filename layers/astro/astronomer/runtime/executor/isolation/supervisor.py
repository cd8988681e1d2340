"""The process that has tasks started, watches over them and ends them.

It is small, has one thread and no Airflow, and is the runner's child. When the runner goes, or does
not renew its lease in time, it ends all tasks.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set

from astronomer.runtime import kernel, lone_process
from astronomer.runtime.concurrency.resources import measure
from astronomer.runtime.executor.isolation import reasons, task_folder
from astronomer.runtime.executor.isolation.aside import Aside
from astronomer.runtime.executor.isolation.cgroup import Cgroups
from astronomer.runtime.executor.isolation.channel import Channel, Message, Wakeups
from astronomer.runtime.executor.isolation.memory_monitor import MemoryMonitor
from astronomer.runtime.executor.isolation.supervised_task import SupervisedTask
from astronomer.runtime.executor.isolation.task_process import Limits
from astronomer.runtime.executor.isolation.warm_parents import WarmParents
from astronomer.runtime.process_table import ProcessTable, look_at, send

MODULE = __name__

LEADER_PATIENCE = 10.0
"""Seconds that a task's first process has to say what became of the task when all else of it was
killed for memory: Airflow's supervisor of a task writes its state and calls its callbacks."""

_KILLING = 10.0
"""Seconds that killed processes may take."""

_BUSY = 0.5
"""Of a task's memory that is its first process': then that is at fault, and is killed too."""


class Supervisor:
    """Serves one runner.

    Args:
        runner: Its end of the connection.
        preload: The module that a warm parent loads.
        delegated: A folder of cgroup v2 for tasks; None for wherever cgroups can be made.
        use_cgroups: Whether to make any.
    """

    def __init__(
        self, runner: Channel, preload: str, delegated: Optional[Path], use_cgroups: bool
    ) -> None:
        self._runner = runner
        self._parent_pid = os.getppid()
        self._wakeups = Wakeups([signal.SIGCHLD])
        self._cgroups = Cgroups.find(delegated=delegated) if use_cgroups else None
        self._monitor = MemoryMonitor(measure().memory)
        self._warm = WarmParents(preload)
        self._folder = tempfile.mkdtemp(prefix="astronomer-tasks-")
        self._aside = Aside(self._folder)
        self._tasks: Dict[int, SupervisedTask] = {}
        self._finishing: Set[int] = set()
        """Attendants whose tasks have ended, and that remove their folders."""
        self._lease_ends: Optional[float] = None
        self._next_look = 0.0
        self._is_wanted = True

    def serve(self) -> None:
        """Work until the runner goes; then end what is left of its tasks."""
        self._runner.send(
            {"isolation": f"cgroup v{self._cgroups.version}" if self._cgroups else "monitor"}
        )
        while self._is_wanted and self._runner.is_open and os.getppid() == self._parent_pid:
            self._wait()
            self._take_requests()
            self._work()
            self._check_lease()
        # Nobody renews what tells others that these tasks run here.
        for task in self._tasks.values():
            task.end(0, reasons.closed())
        while any(not task.is_over for task in self._tasks.values()):
            self._wait()
            self._work()
        self._warm.close()
        self._end_strays()
        if self._cgroups:
            self._cgroups.close()
        task_folder.remove(self._folder)
        while self._runner.is_open and self._runner.has_waiting:
            self._wait()

    def _wait(self) -> None:
        channels = [
            each.channel
            for each in self._tasks.values()
            if each.channel is not None and each.channel.is_open
        ]
        if self._warm.channel is not None:
            channels.append(self._warm.channel)
        if self._runner.is_open:
            channels.append(self._runner)
        full = [each for each in channels if each.has_waiting]
        select.select([*channels, self._aside, self._wakeups], full, [], self._pause())
        self._wakeups.clear()
        for each in full:
            each.flush()
        self._aside.start_what_is_asked()

    def _pause(self) -> float:
        moments = [time.monotonic() + 0.5, self._next_look if self._running() else float("inf")]
        moments += [each.deadline for each in self._tasks.values() if each.deadline is not None]
        if self._lease_ends is not None:
            moments.append(time.monotonic() + self._lease_ends - _clock())
        return max(0.0, min(moments) - time.monotonic())

    def _take_requests(self) -> None:
        for message in self._runner.receive():
            if "start" in message:
                self._start(message)
            elif "stop" in message:
                task = self._tasks.get(message["stop"])
                if task is not None:
                    task.end(message["grace"], message["reason"])
                    self._tell_reason(task)
            elif "lease" in message:
                self._lease_ends = _clock() + message["lease"]
            elif "close" in message:
                self._is_wanted = False

    def _start(self, message: Message) -> None:
        number = message["start"]
        limits = Limits(**message["limits"])
        cgroup = self._cgroups.create(str(number), limits) if self._cgroups else None
        folder = os.path.join(self._folder, str(number))
        environ = {lone_process.STARTER: self._aside.address}
        task = SupervisedTask(number, message["command"], limits, cgroup, folder, environ)
        self._tasks[number] = task

    def _work(self) -> None:
        """All that has to be done now, whatever woke the process."""
        self._warm.keep(list(self._tasks.values()))
        self._reap()
        for task in list(self._tasks.values()):
            for message in task.receive():
                self._runner.send({**message, "task": task.number})
            task.keep_deadline()
        if time.monotonic() >= self._next_look:
            self._look()
        for task in [each for each in self._tasks.values() if each.is_over]:
            del self._tasks[task.number]
            if not task.was_attended_to_the_end:
                self._end_unattended(task)
            elif task.attendant is not None:
                self._finishing.add(task.attendant)
            self._runner.send({"task": task.number, "ended": task.ended()})

    def _look(self) -> None:
        """See how much memory tasks take, and end the one that takes too much."""
        running = self._running()
        watched = [task for task in running if task.cgroup is None]
        for task in running:
            if task.cgroup is not None and task.look_at_cgroup():
                self._end_for_memory(
                    task, reasons.killed_in_cgroup(task.measured.peak, task.limits.memory_bytes)
                )
        self._monitor.look([task.measured for task in watched], self._warm.pid)
        # One that is being killed counts until it is gone: the memory is not there before.
        if not any(task.is_dying for task in watched):
            chosen = self._monitor.chosen([task.measured for task in watched])
            for task in watched:
                if task.measured is chosen:
                    self._end_for_memory(task, self._why(task))
        self._next_look = time.monotonic() + self._monitor.pause
        self._end_strays()

    def _why(self, task: SupervisedTask) -> str:
        measured = task.measured
        if measured.is_above:
            return reasons.above_request(measured.now, measured.limit, measured.processes)
        return reasons.container_full(measured.now, self._monitor.available)

    def _end_for_memory(self, task: SupervisedTask, reason: str) -> None:
        leader_is_at_fault = task.measured.alone > _BUSY * task.measured.now
        task.end_for_memory(0 if leader_is_at_fault else LEADER_PATIENCE, reason)
        self._tell_reason(task)

    def _tell_reason(self, task: SupervisedTask) -> None:
        self._runner.send({"task": task.number, "reason": task.reason})

    def _running(self) -> List[SupervisedTask]:
        return [task for task in self._tasks.values() if task.pid is not None]

    def _check_lease(self) -> None:
        if self._lease_ends is not None and _clock() >= self._lease_ends:
            for task in self._tasks.values():
                if not task.is_dying:
                    task.end(0, reasons.lease_over())
                    self._tell_reason(task)

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._warm.note_end(pid)
            self._finishing.discard(pid)
            self._aside.pids.discard(pid)

    def _end_unattended(self, task: SupervisedTask) -> None:
        """Kill what is left of a task whose attendant has gone."""
        deadline = time.monotonic() + _KILLING
        while time.monotonic() < deadline:
            attendant = look_at(task.attendant) if task.attendant else None
            # What it had adopted becomes this process' once it is dead, and not before.
            is_dead = attendant is None or attendant.state == "Z"
            if not self._end_strays() and is_dead:
                break
            time.sleep(0.01)
            self._reap()
        task_folder.remove(task.folder)

    def _end_strays(self) -> bool:
        """Kill what has lost its attendant, so is this process' child; whether there was any."""
        known = {task.attendant for task in self._tasks.values()} | self._finishing
        known |= {self._warm.pid, *self._aside.pids}
        table = ProcessTable.read()
        strays = [child for child in table.children(os.getpid()) if child.pid not in known]
        for child in strays:
            for each in [child, *table.descendants(child.pid)]:
                send(each, signal.SIGKILL)
        return bool(strays)


def _clock() -> float:
    """Seconds that go on while the machine is suspended: other runners' do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def main(arguments: Sequence[str]) -> int:
    """Serve the runner that started this process.

    Args:
        arguments: The descriptor of the socket to it, the module that warm parents load, `cgroups`
            or `no-cgroups`, and a folder of cgroup v2 or nothing.
    """
    descriptor, preload, which, *delegated = arguments
    kernel.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Of a terminal or an init, to all; it ends with the runner, which may let tasks finish.
        signal.signal(number, signal.SIG_IGN)
    runner = Channel(socket.socket(fileno=int(descriptor)))
    folder = Path(delegated[0]) if delegated else None
    Supervisor(runner, preload, folder, which == "cgroups").serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
