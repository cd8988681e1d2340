"""What stays beside one task: starts it, and ends all that it leaves behind.

It is a fork of the warm parent, and adopts whatever of the task loses its parent, so that nothing
of the task can leave it. It ends the task when the supervisor goes, too.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Set, Tuple

from astronomer.runtime import kernel
from astronomer.runtime.executor.isolation import task_folder
from astronomer.runtime.executor.isolation.channel import Channel, Message, Wakeups
from astronomer.runtime.process_table import ProcessTable, children, send

_PATIENCE = 10.0
"""Seconds that killed processes may take: one that waits for a disk ends when the disk answers."""

_PASSES = 100
"""So many times new processes are looked for before those that are known are killed."""


@dataclass
class _State:
    leader: int
    exit_code: Optional[int] = None
    signal: Optional[int] = None
    has_ended: bool = False


def attend(channel: Channel, folder: str, run: Callable[[Callable[[], None]], None]) -> None:
    """Attend one task until nothing of it is left; for a process that is forked for it.

    Args:
        channel: To the supervisor.
        folder: The task's temporary folder, which is made, and removed at the end.
        run: Becomes the task in a process forked for it, and does not return. It is given what
            makes the new process ready.
    """
    os.setsid()
    kernel.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # It ends when the task does.
        signal.signal(number, signal.SIG_IGN)
    wakeups = Wakeups([signal.SIGCHLD])
    channel.send({"attendant": os.getpid()})
    # Only what the supervisor has seen may start: another warm parent may be asked for the same.
    start = _await_start(channel)
    if not start:
        return
    made = task_folder.make(folder)
    attendant = os.getpid()
    leader = os.fork()
    if not leader:
        wakeups.close()
        channel.close()
        run(lambda: _become_leader(attendant, start, folder if made else None))
        os._exit(1)
    state = _State(leader)
    channel.send({"pid": leader})
    _watch(channel, wakeups, state)
    left = _end_all(state)
    usages = map(resource.getrusage, (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    channel.send(
        {
            "exit_code": state.exit_code,
            "signal": state.signal,
            "cpu_seconds": sum(each.ru_utime + each.ru_stime for each in usages),
            "left": left,
        }
    )
    # It may have filled the disk: that nobody waits for.
    task_folder.remove(folder)


def _await_start(channel: Channel) -> Message:
    while channel.is_open:
        select.select([channel], [], [])
        for message in channel.receive():
            return message
    return {}


def _become_leader(attendant: int, start: Message, folder: Optional[str]) -> None:
    os.setsid()
    kernel.end_with_parent()
    if os.getppid() != attendant:
        os._exit(1)
    for entry in start["cgroup"]:
        # Before it takes any memory.
        with open(entry, "wb", buffering=0) as file:
            file.write(b"0")
    try:
        # Rather a task than the runner, where the kernel has to choose.
        Path("/proc/self/oom_score_adj").write_text(str(start["oom_score"]))
    except OSError:
        pass
    os.environ.update(start["environ"])
    if folder:
        task_folder.use(folder)


def _watch(channel: Channel, wakeups: Wakeups, state: _State) -> None:
    """Do what the supervisor says, until the task's first process ends or the supervisor does."""
    while channel.is_open:
        _reap(state)
        if state.has_ended:
            return
        select.select([channel, wakeups], [channel] if channel.has_waiting else [], [])
        wakeups.clear()
        channel.flush()
        for message in channel.receive():
            if "signal" in message:
                os.kill(state.leader, message["signal"])
            elif message["kill"] == "all":
                return
            else:
                _kill(except_for=state.leader)


def _end_all(state: _State) -> int:
    """Kill what is left; returns how many processes would not end."""
    deadline = time.monotonic() + _PATIENCE
    while _reap(state):
        _kill_children(state)
        _kill()
        if time.monotonic() > deadline:
            return len(list(ProcessTable.read().descendants(os.getpid())))
        _await_child(0.02)
    return 0


def _kill_children(state: _State) -> None:
    """Kill this process' children, those that it adopts meanwhile among them.

    Some start another and end faster than a table of all processes is read. A child's pid is no
    other process' before it is waited for, so no look is needed.
    """
    for _ in range(_PASSES):
        if not _reap(state):
            return
        for pid in children(os.getpid()):
            os.kill(pid, signal.SIGKILL)


def _kill(except_for: int = 0) -> None:
    """Kill all descendants, but for one and with those that it starts meanwhile.

    They are stopped first: some start others faster than they are killed.
    """
    stopped: Set[Tuple[int, int]] = set()
    for _ in range(_PASSES):
        found = [
            each
            for each in ProcessTable.read().descendants(os.getpid())
            if each.state != "Z" and each.pid != except_for
        ]
        new = [each for each in found if (each.pid, each.began) not in stopped]
        for each in new:
            send(each, signal.SIGSTOP)
            stopped.add((each.pid, each.began))
        if not new:
            break
    for each in found:
        send(each, signal.SIGKILL)


def _reap(state: _State) -> bool:
    """Take note of children that have ended; returns whether there are others."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if not pid:
            return True
        if pid == state.leader:
            state.has_ended = True
            if os.WIFSIGNALED(status):
                state.signal = os.WTERMSIG(status)
            else:
                state.exit_code = os.WEXITSTATUS(status)


def _await_child(seconds: float) -> None:
    # The handler of SIGCHLD does nothing, and ends the wait.
    select.select([], [], [], seconds)
