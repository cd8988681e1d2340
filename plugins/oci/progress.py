"""How far a build is: a line every few seconds, where no terminal shows what is going on.

Steps of one Pants process count together. A run has it to itself, but for those that
`PANTS_CONCURRENT` starts in processes of their own.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterator

from oci.sandbox.sizes import human_size

_FIRST_LINE = 5.0
"""Seconds after the beginning."""

_GROWTH = 1.3
"""The longer a build takes, the longer is the time to its next line: a dozen in five minutes."""

logger = logging.getLogger(__name__)


class Progress:
    """Counts of what has begun and of what has ended, told as they change.

    They start again from zero when something begins while nothing is going on.

    Args:
        tell: Takes a line.
        clock: Seconds that only grow.
    """

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._going_on = 0
        self._layers = [0, 0]
        self._bytes = [0, 0]
        self._began = 0.0
        self._next_line = 0.0

    @contextmanager
    def layer(self) -> Iterator[None]:
        """While a layer is built, or found in a cache."""
        with self._step(self._layers, 1):
            yield

    @contextmanager
    def fetch(self, size: int) -> Iterator[None]:
        """While files of so many bytes are fetched."""
        with self._step(self._bytes, size):
            yield

    @contextmanager
    def _step(self, counts: list[int], amount: int) -> Iterator[None]:
        with self._lock:
            if not self._going_on:
                self._layers[:], self._bytes[:] = [0, 0], [0, 0]
                self._began = self._clock()
                self._next_line = _FIRST_LINE
            self._going_on += 1
            counts[1] += amount
        try:
            yield
            with self._lock:
                counts[0] += amount
                self._tell_now_and_then()
        finally:
            with self._lock:
                self._going_on -= 1

    def _tell_now_and_then(self) -> None:
        elapsed = self._clock() - self._began
        if elapsed < self._next_line:
            return
        self._next_line = elapsed * _GROWTH + _FIRST_LINE
        line = f"{self._layers[0]} of {self._layers[1]} layers are ready"
        if self._bytes[1]:
            fetched, wanted = (human_size(size) for size in self._bytes)
            line += f", {fetched} of {wanted} fetched"
        self._tell(f"{line}.")


progress = Progress(logger.info)
"""That of this process."""
