"""How often something is tried again, and how long to wait before."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Mapping

from oci.distribution.errors import RegistryError, TryAgain

ATTEMPTS = 6
_LONGEST_PAUSE = 60.0


def requested_pause(headers: Mapping[str, str]) -> float:
    """How many seconds an answer asks to wait. Source: RFC 9110, 10.2.3 "Retry-After"."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        # More digits than a number of Python has.
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0


class Patience:
    """Counts failures in a row.

    Args:
        what: Names what is tried, for the error: `registry.example.com/astro-runtime`.
        pause: Seconds before the second attempt; doubled for each further one.
        stop: Ends all waiting.
    """

    def __init__(self, what: str, pause: float, stop: threading.Event) -> None:
        self._what = what
        self._pause = pause
        self._stop = stop
        self._failures = 0

    def failed(self, problem: TryAgain) -> None:
        """Wait before the next attempt.

        Raises:
            RegistryError: There is none, or all work was stopped.
        """
        self._failures += 1
        if self._failures >= ATTEMPTS:
            raise RegistryError(
                f"{self._what}: {problem}, {ATTEMPTS} times in a row. Publish again when that is "
                "over: what has arrived whole is not sent again."
            )
        pause = max(self._pause * 2 ** (self._failures - 1), min(problem.seconds, _LONGEST_PAUSE))
        if self._stop.wait(pause):
            raise RegistryError(f"{self._what}: pushing was stopped.")
