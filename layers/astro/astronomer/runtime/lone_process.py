"""A background process of which a folder has at most one, for work that must not hold up a task.

It holds a lock on the folder while it works, and is started again by whoever next has work for it.
It stands outside of the process group of what started it, so that the end of a task, or of a
worker, is not its end. It is a detached process: its parent is the init, which reaps it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Callable, Mapping, Optional, Sequence

STARTER = "ASTRONOMER_RUNTIME_STARTER"
"""The variable with the address of who starts processes for a task, all of whose own end with it:
see `executor.isolation.aside`."""

_LOCK = "sender.lock"

_PATIENCE = 2.0
"""Seconds to wait for a lock that whoever started this process may hold for a moment."""

_is_one = False


def ensure(
    module: str,
    folder: Path,
    *arguments: str,
    environ: Optional[Mapping[str, str]] = None,
    log: Optional[Path] = None,
) -> None:
    """Start `python -m MODULE FOLDER ARGUMENTS` unless one is at work there; returns at once.

    Args:
        module: Calls `work_alone` for the folder it is given.
        folder: Exists.
        arguments: More of the command line.
        environ: The variables it gets; None for those of this process.
        log: The file that its messages are added to; None for nowhere.

    Raises:
        OSError: The folder cannot be used, or no process be started.
    """
    lock = _locked(folder)
    if lock is None:
        return
    # The new process takes the lock anew: it must not be lost with this one.
    with lock, open(log or os.devnull, "ab") as messages:
        start(module, folder, *arguments, environ=environ, stderr=messages)


def start(
    module: str,
    folder: Path,
    *arguments: str,
    environ: Optional[Mapping[str, str]] = None,
    stderr: Any = subprocess.DEVNULL,
) -> None:
    """As `ensure`, without looking: one that finds another at work ends by itself."""
    environ = os.environ if environ is None else environ
    if STARTER in os.environ and _start_aside(module, [str(folder), *arguments], environ, stderr):
        return
    # By way of a shell that ends at once, so that the init becomes its parent: this process may
    # have threads, in which a fork of Python itself could hang.
    subprocess.run(
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", module, str(folder), *arguments],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
        close_fds=True,
    )


def _start_aside(
    module: str, arguments: Sequence[str], environ: Mapping[str, str], stderr: Any
) -> bool:
    """Ask the supervisor of the runner's tasks; whether it has been asked."""
    message = {"module": module, "arguments": list(arguments), "environ": dict(environ)}
    # As `subprocess` understands it: a file, or one of its own numbers.
    given = 2 if stderr is None else stderr
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as starter, ExitStack() as stack:
            if given == subprocess.DEVNULL:
                given = stack.enter_context(open(os.devnull, "wb"))
            file = given if isinstance(given, int) else given.fileno()
            starter.setblocking(False)
            starter.connect(os.environ[STARTER])
            socket.send_fds(starter, [json.dumps(message).encode()], [file])
    except OSError:
        # It has gone, or has no room: what is started here ends with the task.
        return False
    return True


def is_one() -> bool:
    """Whether this process is one."""
    return _is_one


def work_alone(folder: Path, work: Callable[[], None], waiting: Callable[[], bool]) -> int:
    """Work while no other process does; returns an exit code.

    Args:
        folder: What the process is started for.
        work: Returns when nothing has come for a while.
        waiting: Whether there is something to do.
    """
    global _is_one
    _is_one = True
    deadline = time.monotonic() + _PATIENCE
    while True:
        lock = _locked(folder)
        if lock is not None:
            with lock:
                work()
            # What came while the lock was still held, nobody else was started for.
            if not waiting():
                return 0
        elif time.monotonic() > deadline:
            # Another one is at work; whoever started this process held the lock for a moment only.
            return 0
        else:
            time.sleep(0.05)


def _locked(folder: Path) -> Optional[IO[str]]:
    """The folder's lock; None while another process holds it."""
    file = open(os.path.join(folder, _LOCK), "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
