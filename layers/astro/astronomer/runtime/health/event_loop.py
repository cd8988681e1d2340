"""Whether the event loop of a triggerer runs, as the system's account of its threads shows it.

Before Airflow 3.2 the main thread of a triggerer sends heartbeats whatever its loop does, which
runs in another thread. Airflow's own watchdog wakes the loop ten times a second: a thread that
waits for something else, such as a server that a trigger asks without `await`, wakes never. One
that computes cannot be told from a loop that is busy.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Dict

SECONDS = 3.0
"""How long to look at most; a loop that runs shows it in half a second."""

_WAKES = 5
_PAUSE = 0.1


def runs(pid: int, seconds: float = SECONDS, proc: Path = Path("/proc")) -> bool:
    """Whether a thread beside the main one goes on waking.

    Args:
        pid: The triggerer.
        seconds: Bound of the look.
        proc: Where the system tells of processes.

    Raises:
        OSError: There is no such process.
    """
    first = _wakes(pid, proc)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(_PAUSE)
        now = _wakes(pid, proc)
        if any(now[thread] - first.get(thread, 0) >= _WAKES for thread in now):
            return True
    return False


def _wakes(pid: int, proc: Path) -> Dict[str, int]:
    """How often each thread but the main one has waited and gone on."""
    found = {}
    for thread in (proc / str(pid) / "task").iterdir():
        if thread.name == str(pid):
            continue
        try:
            status = (thread / "status").read_text()
        except FileNotFoundError:
            # It has ended meanwhile.
            continue
        # Source: proc(5), `voluntary_ctxt_switches` in `status`.
        found[thread.name] = int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return found
