"""What the webserver's processes share of a source of keys: its last good answer and who asks.

It is a file in a folder that only this user can enter. One that somebody else could have written is
not read; where there is no such folder, each process remembers for itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import math
import os
import stat
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator, NamedTuple, Optional

Clock = Callable[[], float]
"""Seconds since 1970, the same in all processes and after a restart."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_LARGEST = 1024 * 1024

_CLOCK_STEP = 300.0
"""Seconds by which a clock may have been set back; a time further ahead is none of ours."""

log = logging.getLogger(__name__)


class Record(NamedTuple):
    """What is known of a source."""

    content: str = ""
    """Its last good answer; empty before the first."""

    good_at: float = -math.inf
    """When that came."""

    asked_at: float = -math.inf
    """When it was asked last."""


class KeyMemory:
    """The record of one source."""

    def __init__(self, source: str, clock: Clock = time.time) -> None:
        """Name the source; nothing is read yet.

        Args:
            source: Its address or path; another one has another record.
            clock: The present time.
        """
        self._name = hashlib.sha256(source.encode(errors="surrogateescape")).hexdigest()[:32]
        self._clock = clock
        self._own = Record()
        self._is_shared = True

    def read(self) -> Record:
        """The newest record, of whichever process."""
        with self._errors_are_said(), self._folder() as folder:
            shared = self._read(folder)
            if shared.asked_at >= self._own.asked_at or shared.good_at > self._own.good_at:
                self._own = shared
        return self._own

    def write(self, record: Record) -> None:
        """Replace the record, for all processes."""
        self._own = record
        part = f"{self._name}.{os.getpid()}-{threading.get_ident()}.part"
        with self._errors_are_said(), self._folder() as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            text = json.dumps(record._asdict())
            try:
                with open(os.open(part, flags, 0o600, dir_fd=folder), "w") as file:
                    file.write(text)
                os.replace(part, f"{self._name}.json", src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                with suppress(OSError):
                    os.unlink(part, dir_fd=folder)
                raise

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process is the one that may ask now; returns at once.

        True for every process where they cannot share.
        """
        lock: Optional[int] = None
        is_alone = True
        with self._errors_are_said(), self._folder() as folder:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(f"{self._name}.lock", flags, 0o600, dir_fd=folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_alone = False
        try:
            yield is_alone
        finally:
            if lock is not None:
                os.close(lock)

    def _read(self, folder: int) -> Record:
        try:
            descriptor = os.open(
                f"{self._name}.json",
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                dir_fd=folder,
            )
        except FileNotFoundError:
            return Record()
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                raise PermissionError(f"{self._name}.json is not a file of this user's")
            with open(descriptor, closefd=False, errors="replace") as file:
                text = file.read(_LARGEST)
        finally:
            os.close(descriptor)
        try:
            fields = json.loads(text)
            record = Record(
                str(fields["content"]), float(fields["good_at"]), float(fields["asked_at"])
            )
        except (ValueError, KeyError, TypeError):
            return Record()
        latest = self._clock() + _CLOCK_STEP
        # In this form, as a comparison with NaN is never true.
        return record if record.good_at <= latest and record.asked_at <= latest else Record()

    @contextmanager
    def _folder(self) -> Iterator[int]:
        """The folder, open and known to be this user's alone; made where it is missing."""
        path = os.path.join(tempfile.gettempdir(), f"astronomer-runtime-{os.geteuid()}")
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        folder = os.open(path, _DIRECTORY)
        try:
            status = os.fstat(folder)
            if status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError(f"{path} is not this user's alone")
            yield folder
        finally:
            os.close(folder)

    @contextmanager
    def _errors_are_said(self) -> Iterator[None]:
        """Go on without the others where the folder cannot be used, and say so once."""
        try:
            yield
        except OSError as error:
            if self._is_shared:
                log.warning(
                    "The webserver's processes cannot share signing keys (%s); each has its own.",
                    error,
                )
            self._is_shared = False
        else:
            self._is_shared = True
