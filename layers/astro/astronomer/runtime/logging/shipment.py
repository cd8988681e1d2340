"""Ships one log, from the file that a task writes to the store, as it grows."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import List, Optional

from astronomer.runtime.logging import segments, shipped_log
from astronomer.runtime.logging.segments import LARGEST, Segment
from astronomer.runtime.logging.stores import Store
from astronomer.runtime.logging.tickets import Ticket


class Shipment:
    """What has been shipped for a ticket, and what is to be."""

    def __init__(self, ticket: Ticket, base: Path, interval: float) -> None:
        """Prepare; the store is not asked yet.

        Args:
            ticket: Names the log.
            base: The folder of task logs.
            interval: Seconds between two segments, unless there is much to ship.
        """
        self._ticket = ticket
        self._file = base / ticket.log
        self._interval = interval
        self._sent = float("-inf")
        # What an earlier shipper has shipped, only the store knows.
        self._segments: Optional[List[Segment]] = None

    def ship(self, store: Store) -> bool:
        """Ship what there is; True when that was all there will ever be.

        Raises:
            Exception: The store's client has failed; the next call goes on where this one was.
        """
        # In this order: what was written before the last writer ended is in the size.
        ended = self._ticket.nobody_writes()
        size = self._size()
        if self._segments is None:
            self._segments = self._shipped(store)
        if not ended and size - self._stop() < LARGEST and self._is_early():
            return False
        while size - self._stop() > LARGEST:
            self._send(store, self._read(self._stop(), self._stop() + LARGEST))
        if not ended and size > self._stop():
            content = self._read(self._stop(), size)
            # A line that is still being written stays, unless it is all there is.
            self._send(store, content[: content.rfind(b"\n") + 1] or content)
        if not ended:
            self._merge(store, segments.worth_merging(self._segments))
            return False
        self._close(store, size)
        self._ticket.path.unlink()
        return True

    def _is_early(self) -> bool:
        return time.monotonic() < self._sent + self._interval

    def _send(self, store: Store, content: bytes) -> None:
        segment = Segment(self._stop(), self._stop() + len(content))
        store.put(self._path(segment), content)
        self._shipped_so_far.append(segment)
        self._sent = time.monotonic()

    def _close(self, store: Store, size: int) -> None:
        """Ship the rest, and say that nothing follows."""
        known, stop = self._shipped_so_far, self._stop()
        if known and known[-1].last:
            # By a shipper that did not live to take away the ticket.
            return
        rest = [Segment(stop, size)] if size > stop else []
        if not self._merge(store, segments.closing([*known, *rest]), ended=True):
            # Too large to be sent once more, or the file is gone.
            store.put(self._path(Segment(stop, stop, last=True)), b"")

    def _merge(self, store: Store, parts: List[Segment], ended: bool = False) -> bool:
        """Put one segment in the place of the last few, so that no reader misses a byte."""
        if not parts:
            return False
        whole = Segment(parts[0].start, parts[-1].stop, ended)
        content = self._read(whole.start, whole.stop)
        if len(content) != whole.size:
            return False
        store.put(self._path(whole), content)
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
        start = shipped_log.folder(self._ticket.log, self._ticket.session)
        found = (segments.parse(path[len(start) :]) for path in store.list(start))
        present = [each for each in found if each]
        known = segments.cover(present)
        self._forget(store, [each for each in present if each not in known])
        return segments.contiguous(known, self._ticket.start)

    @property
    def _shipped_so_far(self) -> List[Segment]:
        assert self._segments is not None
        return self._segments

    def _stop(self) -> int:
        return self._shipped_so_far[-1].stop if self._segments else self._ticket.start

    def _size(self) -> int:
        try:
            return os.stat(self._file).st_size
        except FileNotFoundError:
            # Somebody has cleaned up: what is shipped is all.
            return 0

    def _read(self, start: int, stop: int) -> bytes:
        try:
            with open(self._file, "rb") as file:
                file.seek(start)
                return file.read(stop - start)
        except FileNotFoundError:
            return b""

    def _path(self, segment: Segment) -> str:
        return shipped_log.path(self._ticket.log, self._ticket.session, segment)
