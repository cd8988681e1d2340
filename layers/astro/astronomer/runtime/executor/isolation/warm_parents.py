"""The warm parent that there is now, and the one after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Optional, Sequence

from astronomer.runtime.executor.isolation.channel import Channel, pair
from astronomer.runtime.executor.isolation.supervised_task import SupervisedTask

_MODULE = "astronomer.runtime.executor.isolation.warm_process"

_LOADING = 120.0
"""Seconds that a warm parent may take until it can fork."""

_FAILURES = 3
"""So many in a row fail before tasks are refused."""

_LONGEST_REST = 30.0
"""Seconds between two that fail; after the first it is one."""


class WarmParents:
    """Keeps one warm parent, and asks it for attendants.

    Args:
        preload: The module that it loads.
    """

    def __init__(self, preload: str) -> None:
        self.channel: Optional[Channel] = None
        self.pid: Optional[int] = None
        self._preload = preload
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._is_ready = False
        self._failures = 0
        self._start_at = 0.0
        self._loaded_by = 0.0

    def keep(self, tasks: Sequence[SupervisedTask]) -> None:
        """See that there is one, and have it fork for each task that waits."""
        by_number = {task.number: task for task in tasks}
        if self.channel is not None:
            for message in self.channel.receive():
                if "ready" in message:
                    self._is_ready, self._failures = True, 0
                elif message["not_forked"] in by_number:
                    by_number[message["not_forked"]].refuse(
                        f"no process could be forked: {message['error']}"
                    )
            if not self.channel.is_open:
                self._end()
            elif not self._is_ready and time.monotonic() > self._loaded_by:
                self._end()
        if self.channel is None:
            # It may have forked before it ended: what such a fork says comes first.
            for task in tasks:
                task.ask_again()
            if self._failures >= _FAILURES:
                for task in tasks:
                    if task.is_waiting:
                        task.refuse(
                            "what tasks are forked from ended while it loaded Airflow and the "
                            "plugins; its own messages say why"
                        )
            if time.monotonic() >= self._start_at:
                self._start()
        if self.channel is not None and self._is_ready:
            for task in tasks:
                if task.is_waiting:
                    self.channel.send(*task.request())

    def note_end(self, pid: int) -> None:
        """A child of this process has been waited for."""
        if pid == self.pid and self._process is not None:
            # Nobody may wait for it again, whose pid may be another's.
            self._process.returncode = 0
            self.pid = None

    def close(self) -> None:
        """End it."""
        if self.channel is not None:
            self._end()

    def _start(self) -> None:
        ours, theirs = pair()
        arguments = [str(theirs.fileno()), str(os.getpid()), self._preload]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, *arguments],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError:
            ours.close()
            self._rest()
        else:
            self.channel, self.pid = Channel(ours), self._process.pid
            self._is_ready, self._loaded_by = False, time.monotonic() + _LOADING
        finally:
            theirs.close()

    def _end(self) -> None:
        assert self.channel is not None
        self.channel.close()
        self.channel = None
        if self._process is not None:
            # Also one that hangs; its forks go on.
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self.pid = self._process = None
        if not self._is_ready:
            self._rest()

    def _rest(self) -> None:
        self._failures += 1
        self._start_at = time.monotonic() + min(_LONGEST_REST, 2.0 ** (self._failures - 1))
