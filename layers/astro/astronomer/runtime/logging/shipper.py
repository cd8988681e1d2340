"""The process that ships the logs of a machine's tasks, however long the store is down.

It is a detached process, which outlives the worker. It imports Airflow for hooks and connections.
It keeps no state of its own: tickets are files, and the store tells what has been shipped.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import List, Sequence

from astronomer.runtime import lone_process
from astronomer.runtime.logging import tickets
from astronomer.runtime.logging.tickets import Ticket
from astronomer.runtime.logging.turns import Stuck, Turns
from astronomer.runtime.messages import say

MODULE = "astronomer.runtime.logging.shipper"

STAY = "--stay"
"""Argument with which it works until the container ends: it is ready before the first task is."""

IDLE_SECONDS = 300.0
"""Without tickets for so long, it ends."""


def run(folder: Path, stay: bool) -> None:
    """Ship until nothing has come for a while, or forever.

    Raises:
        Stuck: A request does not end, so that only a new process can go on.
    """
    from airflow.configuration import conf
    from astronomer.runtime import options
    from astronomer.runtime.logging import stores

    base = conf.get("logging", "remote_base_log_folder")
    interval = options.number("task_log_interval", 1, minimum=0.1)
    tickets.take_up_again(folder)
    turns = Turns(folder, stores.Link(base), base, interval)
    busy = time.monotonic()
    # A folder that is gone belongs to a container, or a test, that is gone.
    while folder.is_dir() and (stay or time.monotonic() < busy + IDLE_SECONDS):
        if turns.take():
            busy = time.monotonic()


def main(arguments: Sequence[str]) -> int:
    """Ship for the folder that is named, if nobody else does."""
    folder = Path(arguments[0])
    try:
        return lone_process.work_alone(
            folder, lambda: run(folder, STAY in arguments), lambda: bool(_ended(folder))
        )
    except Stuck:
        say("a request for a task's log does not end; the shipper starts anew.")
        os.execv(sys.executable, [sys.executable, "-m", MODULE, *arguments])


def drain(folder: Path, seconds: float) -> None:
    """Wait, but not for ever, until the logs that have ended are shipped."""
    deadline = time.monotonic() + seconds
    if _ended(folder):
        say(f"waits up to {seconds:g} s for the logs of tasks that have ended to be shipped.")
    while _ended(folder) and time.monotonic() < deadline:
        time.sleep(0.1)


def _ended(folder: Path) -> List[Ticket]:
    return [ticket for ticket in tickets.waiting(folder) if _has_ended(ticket)]


def _has_ended(ticket: Ticket) -> bool:
    try:
        return ticket.nobody_writes()
    except OSError:
        # It is another user's.
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
