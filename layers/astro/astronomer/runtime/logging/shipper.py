"""The process that ships the logs of a machine's tasks, however long the store is down.

It is Airflow's like any other, as hooks and connections are, and is nobody's child: it outlives the
worker. What it knows it can lose: tickets are files, and what has been shipped the store tells.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from astronomer.runtime import lone_process
from astronomer.runtime.logging import tickets
from astronomer.runtime.logging.shipment import Shipment
from astronomer.runtime.logging.stores import Store
from astronomer.runtime.logging.tickets import Session, Ticket
from astronomer.runtime.messages import say

MODULE = "astronomer.runtime.logging.shipper"

STAY = "--stay"
"""Argument with which it works until the container ends: it is ready before the first task is."""

IDLE_SECONDS = 300.0
"""Without tickets for so long, it ends."""

_POLL = 0.25

_LONGEST_PAUSE = 5.0
"""Seconds between two tries while the store is down; the first pause is half a second."""

_SENDERS = 8
"""Logs that are shipped at the same time."""


class Shipper:
    """All shipments of a folder of task logs."""

    def __init__(self, folder: Path, interval: float) -> None:
        """Prepare; as `Shipment` for each ticket in `folder`."""
        self._folder = folder
        self._interval = interval
        self._shipments: Dict[Session, Shipment] = {}
        self._pool = ThreadPoolExecutor(_SENDERS)

    def ship(self, store: Store) -> int:
        """Ship what there is of all logs, each on its own; returns how many tickets there are.

        Raises:
            Exception: Of the logs that could not be shipped, the first one's reason.
        """
        found = {ticket.session: ticket for ticket in tickets.waiting(self._folder)}
        self._shipments = {
            session: self._shipments.get(session) or self._shipment(ticket)
            for session, ticket in found.items()
        }
        running = [self._pool.submit(each.ship, store) for each in self._shipments.values()]
        errors = [error for error in (each.exception() for each in running) if error]
        if errors:
            raise errors[0]
        return len(found)

    def _shipment(self, ticket: Ticket) -> Shipment:
        return Shipment(ticket, self._folder.parent, self._interval)


def run(folder: Path, stay: bool) -> None:
    """Ship until nothing has come for a while, or forever."""
    from airflow.configuration import conf
    from astronomer.runtime import options
    from astronomer.runtime.logging import stores

    base = conf.get("logging", "remote_base_log_folder")
    shipper = Shipper(folder, options.number("task_log_interval", 1, minimum=0.1))
    store: Optional[Store] = None
    said, pause, busy = "", _POLL, time.monotonic()
    while stay or time.monotonic() < busy + IDLE_SECONDS:
        # A folder that is gone belongs to a container, or a test, that is gone.
        if not folder.is_dir():
            return
        try:
            store = store or stores.kind(base)(base)
            if shipper.ship(store):
                busy = time.monotonic()
            pause = _POLL
            if said:
                say(f"task logs are shipped to {base} again.")
            said = ""
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if not said:
                say(f"task logs cannot be shipped to {base} ({reason}); they are kept until then.")
            said, busy = reason, time.monotonic()
            pause = min(2 * pause, _LONGEST_PAUSE)
        time.sleep(pause)


def main(arguments: Sequence[str]) -> int:
    """Ship for the folder that is named, if nobody else does."""
    folder = Path(arguments[0])
    return lone_process.work_alone(
        folder, lambda: run(folder, STAY in arguments), lambda: bool(_ended(folder))
    )


def drain(folder: Path, seconds: float) -> None:
    """Wait, but not for ever, until the logs that have ended are shipped."""
    deadline = time.monotonic() + seconds
    if _ended(folder):
        say(f"waits up to {seconds:g} s for the logs of tasks that have ended to be shipped.")
    while _ended(folder) and time.monotonic() < deadline:
        time.sleep(0.1)


def _ended(folder: Path) -> List[Ticket]:
    return [ticket for ticket in tickets.waiting(folder) if ticket.nobody_writes()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
