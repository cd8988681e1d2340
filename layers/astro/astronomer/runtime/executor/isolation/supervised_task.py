"""A task as the supervisor sees it."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from typing import Any, Dict, List, Optional

from astronomer.runtime.executor.isolation import reasons
from astronomer.runtime.executor.isolation.cgroup import TaskCgroup
from astronomer.runtime.executor.isolation.channel import Channel, Message, pair
from astronomer.runtime.executor.isolation.memory_monitor import Measured
from astronomer.runtime.executor.isolation.task_process import Ended, Limits

_OOM_SCORE = 300
"""Of 1000: so much sooner than the runner a task is chosen where the kernel has to. More is for any
process to ask for. Source: proc(5), `oom_score_adj`."""


class SupervisedTask:
    """One task, from the runner's request until nothing of it is left.

    Args:
        number: What the runner calls it.
        command: What a warm parent's fork runs.
        limits: What it asked for.
        cgroup: That is its alone; None for none.
        folder: The path of its temporary folder.
        environ: Variables that it gets.
    """

    def __init__(
        self,
        number: int,
        command: List[str],
        limits: Limits,
        cgroup: Optional[TaskCgroup],
        folder: str,
        environ: Dict[str, str],
    ) -> None:
        self.number = number
        self.command = command
        self.limits = limits
        self.cgroup = cgroup
        self.folder = folder
        self._environ = environ
        self.channel: Optional[Channel] = None
        """To its attendant; None while no warm parent has been asked for one."""
        self.attendant: Optional[int] = None
        self.pid: Optional[int] = None
        self.reason = ""
        self.deadline: Optional[float] = None
        """When all of it is killed, by the monotonic clock; None while nobody ends it."""
        self.measured = Measured(0, limits.memory_bytes)
        self.is_over = False
        self.is_dying = False
        """Whether it was told to end."""
        self.was_attended_to_the_end = False
        self._result: Message = {}
        self._kills = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a warm parent is to be asked for it."""
        return self.channel is None and not self.is_over

    def request(self) -> "tuple[Message, Any]":
        """What a warm parent is asked, and the socket that its fork gets."""
        ours, theirs = pair()
        self.channel = Channel(ours)
        message = {"id": self.number, "command": self.command, "folder": self.folder}
        return message, theirs

    def ask_again(self) -> None:
        """Let another warm parent be asked, unless the fork of this one has come forward."""
        self.receive()
        if self.channel is not None and self.attendant is None:
            # A fork that comes forward now finds nobody, and starts nothing.
            self.channel.close()
            self.channel = None

    def refuse(self, why: str) -> None:
        """It cannot be started."""
        if self.channel is not None:
            self.channel.close()
        self.is_over = self.was_attended_to_the_end = True
        self.reason = self.reason or reasons.not_started(why)

    def receive(self) -> List[Message]:
        """Take what the attendant says; returns what the runner wants to know of it."""
        if self.channel is None or self.is_over:
            return []
        news: List[Message] = []
        for message in self.channel.receive():
            if "attendant" in message:
                self.attendant = self.measured.pid = message["attendant"]
                entries = self.cgroup.entries if self.cgroup else []
                self.channel.send(
                    {"cgroup": entries, "oom_score": _OOM_SCORE, "environ": self._environ}
                )
            elif "pid" in message:
                self.pid = message["pid"]
                news.append({"pid": self.pid})
            else:
                self._result = message
                self.is_over = self.was_attended_to_the_end = True
        if not self.channel.is_open and not self.is_over:
            if self.attendant is None:
                # The fork has ended before it came forward, so it has started nothing.
                self.channel = None
            else:
                self.is_over = True
                self.reason = self.reason or reasons.attendant_killed()
        return news

    def end(self, grace: float, reason: str) -> None:
        """Have it end within some seconds; 0 kills at once. The first reason stays."""
        self.reason = self.reason or reason
        self.is_dying = True
        if self.pid is None and self.attendant is None:
            self.refuse(reason)
        elif self.channel is not None:
            if grace > 0:
                self.channel.send({"signal": signal.SIGTERM})
            self._let_until(grace)

    def end_for_memory(self, grace: float, reason: str) -> None:
        """Kill the task, and let its first process say so for some seconds."""
        if self.is_dying or self.channel is None:
            return
        self.reason, self.is_dying = reason, True
        if grace > 0:
            self.channel.send({"kill": "others"})
        self._let_until(grace)

    def keep_deadline(self) -> None:
        """Kill what should have ended by now."""
        if self.deadline is not None and time.monotonic() >= self.deadline and self.channel:
            self.channel.send({"kill": "all"})
            self.deadline = None

    def look_at_cgroup(self) -> bool:
        """Note what the cgroup's processes use; whether the kernel has ended one since."""
        assert self.cgroup is not None
        use = self.cgroup.use()
        self.measured.now = use.memory
        self.measured.peak = max(self.measured.peak, use.memory)
        has_killed = use.kills > self._kills
        if has_killed:
            # It was there between two looks.
            self.measured.peak = max(self.measured.peak, use.highest)
        self._kills = use.kills
        return has_killed and not self.is_dying

    def ended(self) -> Dict[str, Any]:
        """How it ended, as `Ended` has it; removes its cgroup."""
        cpu = float(self._result.get("cpu_seconds", 0.0))
        if self.cgroup is not None:
            if self.look_at_cgroup():
                self.reason = reasons.killed_in_cgroup(self.measured.peak, self.limits.memory_bytes)
            cpu = max(cpu, self.cgroup.use().cpu_seconds)
            self.cgroup.remove()
        number = self._result.get("signal")
        if number == signal.SIGKILL and not self.reason:
            self.reason = reasons.killed_by_others(self.measured.peak, self.limits.memory_bytes)
        left = int(self._result.get("left", 0))
        if left:
            self.reason = f"{self.reason} {reasons.not_all_killed(left)}".strip()
        exit_code = self._result.get("exit_code")
        return asdict(Ended(exit_code, number, self.reason, self.measured.peak, cpu))

    def _let_until(self, grace: float) -> None:
        moment = time.monotonic() + grace
        self.deadline = moment if self.deadline is None else min(self.deadline, moment)
        self.keep_deadline()
