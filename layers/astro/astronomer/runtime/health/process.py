"""Health of a component that tells nobody how it is: its process runs."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from astronomer.runtime.health.result import Health

# Source: proc(5), `stat`: stopped, traced, a zombie, dead.
_NOT_RUNNING = frozenset("TtZXx")


def check_process(component: str, pid: Optional[int], proc: Path = Path("/proc")) -> Health:
    """Look at the state of a process.

    Args:
        component: Whose process it is.
        pid: Its id; None where this container runs no such component.
        proc: Where the system tells of processes.
    """
    if pid is None:
        return Health(component, False, "this container does not run it")
    try:
        # After the name, which is in brackets and may hold anything.
        state = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return Health(component, False, f"its process {pid} is gone")
    return Health(component, state not in _NOT_RUNNING, f"its process {pid} is in state {state}")
