"""The process that sends what waits in a spool, however long the sink is down.

There is one for a folder: it holds a lock, ends itself when nothing has come for a while, and is
started again by the next event. It stands outside of the task's process group, so that the end of
a task, or of a worker, is not its end.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Callable, Mapping, Optional

from astronomer.runtime.lineage.spool import Spool

IDLE_SECONDS = 30.0
"""Without events for so long, it ends."""

TIMEOUT = 5.0
"""Seconds for one event to be taken."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries while the sink is down; the first pause is half a second."""

OLDEST_SECONDS = 24 * 3600.0
"""An event that could not be sent for so long is given up."""

_LOCK = "sender.lock"

# The sink's own fault, or a passing one: worth another try. Others are wrong for good.
_TRY_AGAIN = {408, 425, 429}


def ensure_sender(folder: Path) -> None:
    """Start a sender for a folder unless one is at work there; returns at once."""
    lock = _locked(folder)
    if lock is None:
        return
    with lock:
        # The sender takes the lock anew: it must not die with this process.
        subprocess.Popen(
            [sys.executable, "-m", "astronomer.runtime.lineage.sender", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            close_fds=True,
        )


def main(folder: Path, environ: Mapping[str, str]) -> int:
    """Send until nothing has come for a while."""
    spool = Spool(folder)
    deadline = time.monotonic() + 2
    while True:
        lock = _locked(folder)
        if lock is not None:
            with lock:
                send_all(spool, poster(environ), time.sleep)
            # What came while the lock was still held, nobody else was started for.
            if not spool.waiting():
                return 0
        elif time.monotonic() > deadline:
            # Another one is at work; whoever started this process held the lock for a moment only.
            return 0
        else:
            time.sleep(0.05)


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


def _locked(folder: Path) -> Optional[IO[str]]:
    """The folder's lock; None while another process holds it."""
    file = open(folder / _LOCK, "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ))
