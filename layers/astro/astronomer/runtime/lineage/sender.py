"""The process that sends what waits in a spool, however long the sink is down.

It ends itself when nothing has come for a while, and is started again by the next event.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Callable, List, Mapping, Optional

from astronomer.runtime import lone_process
from astronomer.runtime.lineage.server import Answer, Post, Verdict, poster
from astronomer.runtime.lineage.spool import Spool, age
from astronomer.runtime.messages import say

MODULE = "astronomer.runtime.lineage.sender"

IDLE_SECONDS = 30.0
"""Without events for so long, it ends."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries while the sink is down; the first pause is half a second."""

LONGEST_WAIT = 600.0
"""Seconds that a server may ask to be left alone for."""

OLDEST_SECONDS = 24 * 3600.0
"""An event that could not be sent for so long is given up."""

_SHORTEST_PAUSE = 0.5

_MOST_FAILED = 3
"""Events that a server fails at, one after the other, before it is taken to be down."""

_MOST_SAID = 1024 * 1024
"""Bytes of what senders said, before it is begun anew."""


def main(folder: Path, environ: Mapping[str, str]) -> int:
    """Send until nothing has come for a while."""
    spool = Spool(folder)
    return lone_process.work_alone(
        folder, lambda: send_all(spool, poster(environ), time.sleep), lambda: bool(spool.waiting())
    )


def send_all(spool: Spool, post: Post, sleep: Callable[[float], None]) -> None:
    """Send what waits, oldest first, and what comes, until nothing comes any more.

    Args:
        spool: Where the events wait.
        post: Sends one.
        sleep: Waits for some seconds.
    """
    spool.clean()
    if spool.log.exists() and spool.log.stat().st_size > _MOST_SAID:
        os.truncate(spool.log, 0)
    idle, pause = 0.0, _SHORTEST_PAUSE
    while idle < IDLE_SECONDS:
        waiting = spool.waiting()
        if not waiting:
            sleep(0.25)
            idle += 0.25
            continue
        idle = 0.0
        held = _send(spool, waiting, post)
        if any(not path.exists() for path in waiting):
            pause = _SHORTEST_PAUSE
        _tell(spool, held)
        if held or all(path.exists() for path in waiting):
            sleep(max(pause, min(held.wait, LONGEST_WAIT) if held else 0))
            pause = min(2 * pause, LONGEST_PAUSE)


def _send(spool: Spool, waiting: List[Path], post: Post) -> Optional[Answer]:
    """Send once; returns why events are still there, None where none is."""
    held: Optional[Answer] = None
    failed = 0
    for path in waiting:
        try:
            answer = post(path.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            answer = Answer(Verdict.REFUSED, f"it cannot be read ({error.strerror})")
        if answer.verdict is Verdict.TAKEN:
            _remove(path)
        elif answer.verdict is Verdict.REFUSED:
            _give_up(path, answer)
        elif age(path) > OLDEST_SECONDS:
            _give_up(path, answer)
        else:
            held = answer
            failed += 1
        if answer.verdict is Verdict.NOT_NOW:
            for each in waiting:
                if age(each) > OLDEST_SECONDS:
                    _give_up(each, answer)
            break
        if failed == _MOST_FAILED:
            break
    return held


def _tell(spool: Spool, held: Optional[Answer]) -> None:
    """Say why events wait, once for each reason."""
    problem = f"the server in OPENLINEAGE_URL takes none: {held.reason}" if held else None
    if problem == spool.problem():
        return
    spool.note_problem(problem)
    say(f"lineage events wait: {problem}." if problem else "lineage events are taken again.")


def _give_up(path: Path, answer: Answer) -> None:
    if path.exists():
        say(f"the lineage event {path.name} is given up: {answer.reason}.")
        _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        # Another sender, of a folder that hosts share.
        pass
    except OSError:
        # It is a folder, or another user's: under another name it is left alone.
        with suppress(OSError):
            path.rename(path.with_suffix(".unreadable"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ))
