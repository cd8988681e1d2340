"""Ships one log, from the file that a task writes to the store, as it grows."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import List, NamedTuple, Optional

from astronomer.runtime.logging import segments, shipped_log
from astronomer.runtime.logging.segments import LARGEST, Segment
from astronomer.runtime.logging.stores import Store
from astronomer.runtime.logging.tickets import Ticket


class Unreadable(Exception):
    """The log's file, or its ticket, cannot be used here; the store has no part in it."""


class Work(NamedTuple):
    """What there is to do for a log."""

    size: int
    """Bytes of the log's file."""

    ended: bool
    """Whether the file is as long as it will be."""


class Outcome(NamedTuple):
    """What came of a turn."""

    sent: bool
    """Whether the store has taken something."""

    more: bool
    """Whether there is more to do at once."""

    done: bool
    """Whether that was all there will ever be."""


class Shipment:
    """What has been shipped for a ticket, and what is to be."""

    def __init__(self, ticket: Ticket, base: Path, interval: float) -> None:
        """Prepare; the store is not asked yet.

        Args:
            ticket: Names the log.
            base: The folder of task logs.
            interval: Seconds between two segments, unless there is much to ship.
        """
        self.ticket = ticket
        self._file = base / ticket.log
        self._interval = interval
        self._sent_at = float("-inf")
        self._has_sent = False
        # What an earlier shipper has shipped, only the store knows.
        self._segments: Optional[List[Segment]] = None

    def work(self) -> Optional[Work]:
        """What is to be done now, as far as can be told here; None for nothing.

        Raises:
            Unreadable: That cannot be told.
        """
        try:
            # In this order: what was written before the last writer ended is in the size.
            ended = self.ticket.nobody_writes()
            size = self._size()
        except (OSError, ValueError) as error:
            raise Unreadable(str(error)) from error
        if self._segments is None or ended or self.behind(size) >= LARGEST:
            return Work(size, ended)
        is_early = time.monotonic() < self._sent_at + self._interval
        return Work(size, ended) if self.behind(size) > 0 and not is_early else None

    def behind(self, size: int) -> int:
        """Bytes of a file of this size that the store has not, as far as is known."""
        return size - self._stop()

    def is_new(self) -> bool:
        """Whether the store has not been asked yet."""
        return self._segments is None

    def ship(self, store: Store, work: Work) -> Outcome:
        """Take one turn: ship what two requests can carry at most.

        Raises:
            Unreadable: The log cannot be read.
            Exception: The store's client has failed; the next call goes on where this one was.
        """
        self._has_sent = False
        if self._segments is None:
            self._segments = self._shipped(store)
        if self.behind(work.size) > LARGEST:
            self._send(store, self._read(self._stop(), self._stop() + LARGEST))
            return Outcome(self._has_sent, more=self._has_sent, done=False)
        if work.ended:
            self._close(store, work.size)
            self._forget_ticket()
            return Outcome(self._has_sent, more=False, done=True)
        if work.size > self._stop():
            content = self._read(self._stop(), work.size)
            # A line that is still being written stays, unless it is all there is.
            self._send(store, content[: content.rfind(b"\n") + 1] or content)
        self._merge(store, segments.worth_merging(self._segments))
        return Outcome(self._has_sent, more=False, done=False)

    def _send(self, store: Store, content: bytes) -> None:
        if not content:
            # The file has become shorter: what is shipped is all, until it has grown again.
            return
        segment = Segment(self._stop(), self._stop() + len(content))
        self._put(store, segment, content)
        self._shipped_so_far.append(segment)
        self._sent_at = time.monotonic()

    def _put(self, store: Store, segment: Segment, content: bytes) -> None:
        store.put(self._path(segment), content)
        self._has_sent = True

    def _close(self, store: Store, size: int) -> None:
        """Ship the rest, and say that nothing follows."""
        known, stop = self._shipped_so_far, self._stop()
        if known and known[-1].last:
            # By a shipper that did not live to take away the ticket.
            return
        rest = [Segment(stop, size)] if size > stop else []
        if not self._merge(store, segments.closing([*known, *rest]), ended=True):
            # Too large to be sent once more, or the file is gone.
            self._put(store, Segment(stop, stop, last=True), b"")

    def _merge(self, store: Store, parts: List[Segment], ended: bool = False) -> bool:
        """Put one segment in the place of the last few, so that no reader misses a byte."""
        if not parts:
            return False
        whole = Segment(parts[0].start, parts[-1].stop, ended)
        content = self._read(whole.start, whole.stop)
        if len(content) != whole.size:
            return False
        self._put(store, whole, content)
        replaced = [part for part in parts if part in self._shipped_so_far]
        self._segments = [each for each in self._shipped_so_far if each not in replaced] + [whole]
        self._forget(store, replaced)
        return True

    def _forget(self, store: Store, parts: List[Segment]) -> None:
        try:
            if parts:
                store.delete([self._path(part) for part in parts])
        except Exception:
            # It may be forbidden, or some were never there. Readers look at the larger one alone.
            pass

    def _shipped(self, store: Store) -> List[Segment]:
        start = shipped_log.folder(self.ticket.log, self.ticket.session)
        found = (segments.parse(path[len(start) :]) for path in store.list(start))
        present = [each for each in found if each]
        known = segments.cover(present)
        self._forget(store, [each for each in present if each not in known])
        return segments.contiguous(known, self.ticket.start)

    @property
    def _shipped_so_far(self) -> List[Segment]:
        assert self._segments is not None
        return self._segments

    def _stop(self) -> int:
        return self._shipped_so_far[-1].stop if self._segments else self.ticket.start

    def _size(self) -> int:
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            # Somebody has cleaned up: what is shipped is all.
            return 0
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"'{self._file}' is not a file")
        return found.st_size

    def _read(self, start: int, stop: int) -> bytes:
        try:
            with open(self._file, "rb") as file:
                file.seek(start)
                return file.read(stop - start)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise Unreadable(str(error)) from error

    def _forget_ticket(self) -> None:
        try:
            self.ticket.path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Unreadable(str(error)) from error

    def _path(self, segment: Segment) -> str:
        return shipped_log.path(self.ticket.log, self.ticket.session, segment)
