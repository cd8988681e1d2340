"""How far a build is: a line every few seconds, where no terminal shows what is going on.

Steps of one Pants process count together. A run has it to itself, but for those that
`PANTS_CONCURRENT` starts in processes of their own.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Callable, Iterator, Mapping

from oci.sandbox.sizes import human_size

_FIRST_LINE = 5.0
"""Seconds after the beginning."""

_GROWTH = 1.3
"""The longer a build takes, the longer is the time to its next line: a dozen in five minutes."""

logger = logging.getLogger(__name__)


class Progress:
    """What has begun and what has ended, told as it changes.

    It starts again from nothing when something begins while nothing is going on.

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
        self._layers = _Amounts()
        self._files = _Amounts()
        self._began = 0.0
        self._next_line = 0.0

    @contextmanager
    def layer(self, name: str) -> Iterator[None]:
        """While a layer is built, or found in a cache. Several may ask for one."""
        with self._step(self._layers, {name: 1}):
            yield

    @contextmanager
    def fetch(self, sizes: Mapping[str, int]) -> Iterator[None]:
        """While files are fetched: their bytes by their hash. Several may ask for one."""
        with self._step(self._files, sizes):
            yield

    @contextmanager
    def _step(self, amounts: _Amounts, step: Mapping[str, int]) -> Iterator[None]:
        with self._lock:
            if not self._going_on:
                self._layers.clear()
                self._files.clear()
                self._began = self._clock()
                self._next_line = _FIRST_LINE
            self._going_on += 1
            amounts.begun.update(step)
        try:
            yield
            with self._lock:
                amounts.ended.update(step)
                self._tell_now_and_then()
        finally:
            with self._lock:
                self._going_on -= 1

    def _tell_now_and_then(self) -> None:
        elapsed = self._clock() - self._began
        if elapsed < self._next_line:
            return
        self._next_line = elapsed * _GROWTH + _FIRST_LINE
        line = f"{len(self._layers.ended)} of {len(self._layers.begun)} layers are ready"
        if self._files.begun:
            fetched, wanted = (
                human_size(sum(sizes.values())) for sizes in (self._files.ended, self._files.begun)
            )
            line += f", {fetched} of {wanted} fetched"
        self._tell(f"{line}.")


@dataclass
class _Amounts:
    """How much each of some steps is, by name."""

    begun: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        self.begun.clear()
        self.ended.clear()


progress = Progress(logger.info)
"""That of this process."""
