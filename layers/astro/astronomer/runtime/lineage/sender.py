"""The process that sends what waits in a spool, however long the sink is down.

It ends itself when nothing has come for a while, and is started again by the next event.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Callable, Mapping

from astronomer.runtime import lone_process
from astronomer.runtime.lineage.spool import Spool

MODULE = "astronomer.runtime.lineage.sender"

IDLE_SECONDS = 30.0
"""Without events for so long, it ends."""

TIMEOUT = 5.0
"""Seconds for one event to be taken."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries while the sink is down; the first pause is half a second."""

OLDEST_SECONDS = 24 * 3600.0
"""An event that could not be sent for so long is given up."""

# The sink's own fault, or a passing one: worth another try. Others are wrong for good.
_TRY_AGAIN = {408, 425, 429}


def main(folder: Path, environ: Mapping[str, str]) -> int:
    """Send until nothing has come for a while."""
    spool = Spool(folder)
    return lone_process.work_alone(
        folder,
        lambda: send_all(spool, poster(environ), time.sleep),
        lambda: bool(spool.waiting()),
    )


Post = Callable[[bytes], bool]
"""Sends an event: True when it is done with, False to try again later."""


def send_all(spool: Spool, post: Post, sleep: Callable[[float], None]) -> None:
    """Send what waits, oldest first, and what comes, until nothing comes any more.

    Args:
        spool: Where the events wait.
        post: Sends one.
        sleep: Waits for some seconds.
    """
    idle, pause = 0.0, 0.5
    while idle < IDLE_SECONDS:
        waiting = spool.waiting()
        if not waiting:
            sleep(0.25)
            idle += 0.25
            continue
        idle = 0.0
        for path in waiting:
            if post(path.read_bytes()) or _too_old(path):
                path.unlink()
                pause = 0.5
            else:
                sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                break


def poster(environ: Mapping[str, str]) -> Post:
    """What sends events to the server that the environment names.

    Args:
        environ: `OPENLINEAGE_URL`, and `OPENLINEAGE_API_KEY` where the server wants one.
    """
    import requests

    session = requests.Session()
    session.headers["Content-Type"] = "application/json"
    if environ.get("OPENLINEAGE_API_KEY"):
        session.headers["Authorization"] = f"Bearer {environ['OPENLINEAGE_API_KEY']}"
    url = environ["OPENLINEAGE_URL"].strip().rstrip("/") + "/api/v1/lineage"

    def post(event: bytes) -> bool:
        try:
            status = session.post(url, event, timeout=TIMEOUT, allow_redirects=False).status_code
        except requests.RequestException:
            return False
        return status < 500 and status not in _TRY_AGAIN

    return post


def _too_old(path: Path) -> bool:
    return time.time() - int(path.name.split("-")[0]) / 1e9 > OLDEST_SECONDS


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ))
