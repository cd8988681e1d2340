"""Bounded waiting for something another process does."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

from tests.engine.errors import TimedOut

T = TypeVar("T")

_PAUSE = 0.25


def wait_for(
    what: str, probe: Callable[[], T], seconds: float, evidence: Callable[[], str] = str
) -> T:
    """Asks `probe` until it answers with something true, and returns that.

    Args:
        what: What is awaited, to complete "waited N s for ...".
        probe: Cheap; called every quarter of a second.
        seconds: The bound.
        evidence: What to show when it does not happen, such as the end of a log.

    Raises:
        TimedOut: The bound was reached.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimedOut(f"Waited {seconds:g} s for {what} in vain.\n{evidence()}")
        time.sleep(_PAUSE)
