"""Messages between the processes of this package: one JSON object each, on a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple

Message = Dict[str, Any]

_LONGEST = 2**18
"""Bytes of a message, which travels whole."""


def pair() -> Tuple[socket.socket, socket.socket]:
    """Two ends of a connection; whoever has one learns of the end of all who have the other."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for each in ends:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            each.setsockopt(socket.SOL_SOCKET, option, 2 * _LONGEST)
    return ends


class Channel:
    """One end. Nothing here waits: what the other end has no room for is sent later."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._waiting: Deque[Tuple[bytes, Optional[socket.socket]]] = deque()
        self.is_open = True

    def fileno(self) -> int:
        return self._end.fileno()

    @property
    def has_waiting(self) -> bool:
        """Whether something is to be sent when there is room."""
        return bool(self._waiting)

    def send(self, message: Message, handed_over: Optional[socket.socket] = None) -> None:
        """Send a message, now or later; nothing where the other end has gone.

        Args:
            message: What JSON can say.
            handed_over: A socket that the other end gets with it; this process' own is closed.

        Raises:
            ValueError: The message is too long to be sent.
        """
        content = json.dumps(message).encode()
        if len(content) > _LONGEST:
            raise ValueError(f"a message of {len(content)} bytes; {_LONGEST} can be sent")
        if self.is_open:
            self._waiting.append((content, handed_over))
            self.flush()
        elif handed_over is not None:
            handed_over.close()

    def flush(self) -> None:
        """Send what waits, as far as there is room."""
        while self._waiting:
            content, handed_over = self._waiting[0]
            try:
                if handed_over is None:
                    self._end.send(content)
                else:
                    socket.send_fds(self._end, [content], [handed_over.fileno()])
            except BlockingIOError:
                return
            except OSError:
                # What it sent before it went can still be received.
                self._forget()
                return
            self._waiting.popleft()
            if handed_over is not None:
                handed_over.close()

    def receive(self) -> List[Message]:
        """What has come; `is_open` says whether more can."""
        found: List[Message] = []
        while True:
            one = self.receive_one()
            if one is None:
                return found
            found.append(one[0])

    def receive_one(self) -> Optional[Tuple[Message, Optional[socket.socket]]]:
        """The next message, with the socket that was handed over with it; None for none yet."""
        if not self.is_open:
            return None
        try:
            content, descriptors, _, _ = socket.recv_fds(self._end, _LONGEST, 1)
        except BlockingIOError:
            return None
        except OSError:
            content, descriptors = b"", []
        if not content:
            self.close()
            return None
        taken = [socket.socket(fileno=each) for each in descriptors]
        return json.loads(content), taken[0] if taken else None

    def close(self) -> None:
        self.is_open = False
        self._forget()
        self._end.close()

    def _forget(self) -> None:
        for _, handed_over in self._waiting:
            if handed_over is not None:
                handed_over.close()
        self._waiting.clear()


class Wakeups:
    """A file that can be read when one of the signals has come, so that `select` sees it."""

    def __init__(self, numbers: Sequence[signal.Signals]) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def fileno(self) -> int:
        return self._read

    def clear(self) -> None:
        try:
            while os.read(self._read, 4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Let signals be as they were, in this process alone."""
        signal.set_wakeup_fd(-1)
        os.close(self._read)
        os.close(self._write)
