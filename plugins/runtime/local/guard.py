"""Removes what a start has made, in whatever way it ends before all is healthy."""

from __future__ import annotations

import os
import signal
from typing import Callable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end a start."""


class Guard:
    """A process that waits for the end of this one, and then cleans up.

    A start may get no time for that: Pants kills what does not end within 3 seconds of Ctrl-C. Make
    this before there are threads.

    Args:
        clean_up: What the process does, unless it is dismissed.
    """

    def __init__(self, clean_up: Callable[[], None]) -> None:
        reading, self._writing = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                # A session of its own: what ends the start must not end its guard.
                os.setsid()
                for number in ENDING:
                    signal.signal(number, signal.SIG_IGN)
                os.close(self._writing)
                # Empty when nobody holds the other side any more.
                if not os.read(reading, 1):
                    clean_up()
            finally:
                os._exit(0)
        os.close(reading)

    def dismiss(self) -> None:
        """Keep what was made."""
        try:
            os.write(self._writing, b"1")
        except BrokenPipeError:
            # Somebody killed it: then it removes nothing.
            pass
        self.finish()

    def finish(self) -> None:
        """Have the guard do what it has to do, and return when that is done."""
        os.close(self._writing)
        os.waitpid(self._child, 0)
