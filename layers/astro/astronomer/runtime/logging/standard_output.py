"""The standard output that the tasks of a container share, for lines of any length.

A pipe takes a long line in parts, and other processes' lines may come in between: processes that
write here take turns, by a lock. A pipe that nobody reads takes nothing: whoever writes here waits
for a reader for a while, and seldom.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys
import tempfile
import time
from typing import Optional, Tuple

PATIENCE = 5.0
"""Seconds that a line waits at most for a reader."""

REST = 60.0
"""Seconds after that in which no other line waits."""

_POLL = 0.001

_TURNS = 20
"""So many times somebody else may run before it is known that a lock is not just being let go."""


class StandardOutput:
    """Whole lines on the process' own standard output, or none."""

    def __init__(self) -> None:
        """Prepare to write.

        Raises:
            OSError: There is no standard output, or no temporary folder for the lock.
        """
        shared = _descriptor()
        self._file, self._most = _open(shared)
        self._is_own = self._file != shared
        self._ready = select.poll()
        self._ready.register(self._file, select.POLLOUT)
        self._patient_at = 0.0
        self._lock, self._owner = -1, 0
        self._open_lock()

    def write(self, line: bytes) -> bool:
        """Write a line; returns whether it was, or will be by whoever writes next.

        Raises:
            OSError: Nobody will ever read it.
        """
        if os.getpid() != self._owner:
            # A lock is that of all who have the file from the same parent.
            os.close(self._lock)
            self._open_lock()
        deadline = None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            deadline = self._deadline()
            if not self._wait_for_turn(deadline):
                return self._lose_patience()
        try:
            # A pipe with enough room takes all of it at once.
            sent = 0 if self._unfinished() else self._send(line)
            return sent == len(line) or self._go_on(line, sent, deadline or self._deadline())
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of it; it stays open for others."""
        os.close(self._lock)
        if self._is_own:
            os.close(self._file)

    def _open_lock(self) -> None:
        self._owner = os.getpid()
        # For each pipe one of its own, so that nobody waits for who writes elsewhere.
        which = os.fstat(self._file)
        name = f"astronomer-runtime-{os.getuid()}-{which.st_dev}-{which.st_ino}.lock"
        # Not what another user has put there.
        how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._lock = os.open(os.path.join(tempfile.gettempdir(), name), how, 0o600)

    def _deadline(self) -> float:
        now = time.monotonic()
        return now + PATIENCE if now >= self._patient_at else now

    def _wait_for_turn(self, deadline: float) -> bool:
        turns = 0
        while turns < _TURNS or time.monotonic() < deadline:
            if turns < _TURNS:
                os.sched_yield()
            else:
                time.sleep(_POLL)
            turns += 1
            try:
                # Not by waiting for the lock: its holder may stand still.
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                continue
        return False

    def _go_on(self, line: bytes, sent: int, deadline: float) -> bool:
        """Write a line of which so much is written, or that waits for another one's rest."""
        if not sent and not self._finish(deadline):
            return self._lose_patience()
        while not sent:
            if not self._wait(deadline):
                return self._lose_patience()
            sent = self._send(line)
        if sent < len(line):
            # If this process dies now, another one knows what is missing.
            self._leave(line[sent:])
            if not self._finish(deadline):
                # It will be finished by whoever writes next.
                self._lose_patience()
        return True

    def _unfinished(self) -> int:
        """Bytes of a line that somebody has begun."""
        return os.lseek(self._lock, 0, os.SEEK_END)

    def _leave(self, rest: bytes) -> None:
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, rest, 0)

    def _finish(self, deadline: float) -> bool:
        """Write the rest of a line that somebody has begun."""
        while True:
            # Each time anew: a signal's handler may have written here meanwhile.
            rest = os.pread(self._lock, self._unfinished(), 0)
            if not rest:
                return True
            if not self._wait(deadline):
                return False
            self._leave(rest[self._send(rest) :])

    def _send(self, line: bytes) -> int:
        try:
            if self._most is None:
                return os.write(self._file, line)
            # It may be in a mode in which what it does not take is waited for.
            return os.write(self._file, line[: self._most]) if self._ready.poll(0) else 0
        except BlockingIOError:
            return 0

    def _wait(self, deadline: float) -> bool:
        return bool(self._ready.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _lose_patience(self) -> bool:
        now = time.monotonic()
        if now >= self._patient_at:
            self._patient_at = now + REST
        return False


def tell(sentence: str) -> None:
    """Write a line to the process' own standard error, unless that would have to be waited for."""
    stream = sys.__stderr__
    try:
        file = stream.fileno() if stream else 2
        ready = select.poll()
        ready.register(file, select.POLLOUT)
        if ready.poll(0):
            line = f"astronomer-runtime: {sentence}\n".encode(errors="backslashreplace")
            os.write(file, line[: select.PIPE_BUF])
    except (OSError, ValueError):
        # There is none.
        pass


def _descriptor() -> int:
    # The process' own: Airflow puts the log in the place of `sys.stdout` while a task runs.
    stream = sys.__stdout__
    if stream is None:
        raise OSError("there is no standard output")
    try:
        return stream.fileno()
    except ValueError:
        raise OSError("standard output is closed") from None


def _open(shared: int) -> Tuple[int, Optional[int]]:
    """A descriptor that takes what there is room for and no more; bytes of one write, if limited.

    How a descriptor writes is the same for all that have it from the same parent: it needs to be
    one of this process' own.
    """
    if stat.S_ISREG(os.fstat(shared).st_mode):
        # There is always room, and a file of its own would begin at the file's beginning.
        return shared, None
    how = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{shared}", how), None
    except OSError:
        # A socket, or another user's.
        return shared, select.PIPE_BUF
