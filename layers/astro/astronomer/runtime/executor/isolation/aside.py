"""Processes of this package that tasks need and that outlive them: `lone_process`.

All that a task starts ends with it, and is held to its limits. What ships logs or events for all
tasks is therefore started by the supervisor, and is nobody's of them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Set

from astronomer.runtime import lone_process
from astronomer.runtime.executor.isolation.channel import Message

_OURS = "astronomer.runtime."

_LONGEST = 2**18


class Aside:
    """Starts what tasks ask for.

    Args:
        folder: Where its socket is made; nobody else may enter it.
    """

    def __init__(self, folder: str) -> None:
        self.address = os.path.join(folder, "starter")
        self.pids: Set[int] = set()
        """Those that it has started and that have not ended."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * _LONGEST)
        self._socket.bind(self.address)

    def fileno(self) -> int:
        return self._socket.fileno()

    def start_what_is_asked(self) -> None:
        """Start what has been asked for; what cannot be started is asked for again."""
        while True:
            try:
                content, descriptors, _, _ = socket.recv_fds(self._socket, _LONGEST, 1)
            except BlockingIOError:
                return
            try:
                self._start(json.loads(content), descriptors[0])
            except (OSError, ValueError, LookupError, TypeError, AttributeError):
                # Not what `lone_process` sends, or there is no room for a process.
                pass
            for each in descriptors:
                os.close(each)

    def _start(self, message: Message, messages: int) -> None:
        module, environ = message["module"], dict(message["environ"])
        if not module.startswith(_OURS):
            return
        # The task's temporary folder goes with it.
        environ.pop("TMPDIR", None)
        if "TMPDIR" in os.environ:
            environ["TMPDIR"] = os.environ["TMPDIR"]
        environ.pop(lone_process.STARTER, None)
        started = subprocess.Popen(
            [sys.executable, "-m", module, *message["arguments"]],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            start_new_session=True,
        )
        self.pids.add(started.pid)
        # The supervisor waits for it, with all its children.
        started.returncode = 0
