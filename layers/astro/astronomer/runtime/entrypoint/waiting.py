"""Waiting, within bounds."""

from __future__ import annotations

import time

from astronomer.runtime.entrypoint.services import Service
from astronomer.runtime.entrypoint.settings import WAIT_TIMEOUT
from astronomer.runtime.errors import NotReadyError
from astronomer.runtime.messages import say
from astronomer.runtime.time_bound import within

PAUSE_SECONDS = 1
REPORT_SECONDS = 10


def wait_for(service: Service, timeout: float) -> None:
    """Return as soon as the service answers.

    `timeout` is in seconds; 0 returns at once. Raises NotReadyError when it has passed.
    """
    if not timeout:
        return
    start = time.monotonic()
    deadline = start + timeout
    next_report = start
    reason = "no answer"
    while (now := time.monotonic()) < deadline:
        try:
            refused = within(min(deadline - now, service.seconds), service.probe)
        except TimeoutError:
            refused = "no answer"
        if refused is None:
            return
        reason = refused
        now = time.monotonic()
        if now >= next_report:
            say(
                f"waiting for the {service.kind} at {service.place}: {reason} "
                f"({now - start:.0f} s of {timeout:g} s)"
            )
            next_report = now + REPORT_SECONDS
        time.sleep(max(0.0, min(PAUSE_SECONDS, deadline - now)))
    raise NotReadyError(
        f"gave up after {timeout:g} s of waiting for the {service.kind} at {service.place}: "
        f"{reason}; see that it runs and that {service.variable} is right, "
        f"or set {WAIT_TIMEOUT} to more seconds."
    )
