"""Files that tell which process a component is, left behind by one that was killed.

A container that is started again has its old files, and hands out the same process ids: the new
worker finds its own id there and refuses to start, since it "already runs". Neither Celery (5.2)
nor Airflow compares the id with its own. Source: `Pidfile` in celery/platforms.py,
`check_if_pidfile_process_is_running` in airflow/utils/process_utils.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_WEBSERVER = ("airflow-webserver.pid", "airflow-webserver-monitor.pid")

_FILES = {
    "celery worker": ("airflow-worker.pid",),
    "standalone": _WEBSERVER,
    "webserver": _WEBSERVER,
}

# What a living component's command line, or the title it gave itself, has in it.
_OURS = (b"airflow", b"celeryd", b"gunicorn")


def remove_stale(components: Sequence[str], home: str, proc: Path = Path("/proc")) -> None:
    """Remove the files of these components that name no other living process of Airflow's.

    Args:
        components: Such as `celery worker`; others than those with a file are ignored.
        home: Airflow's folder.
        proc: Where the system tells of processes.
    """
    for component in components:
        for name in _FILES.get(component, ()):
            path = Path(home) / name
            if path.exists() and not _names_another(path, proc):
                # Where it cannot be removed, the component says what is wrong.
                with suppress(OSError):
                    path.unlink()


def _names_another(path: Path, proc: Path) -> bool:
    try:
        pid = int(path.read_text())
        command = (proc / str(pid) / "cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    # This process is about to become the component.
    return pid != os.getpid() and any(word in command for word in _OURS)
