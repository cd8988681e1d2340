"""Removes what a run has made, in whatever way the run ends."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Callable

from oci.sandbox.engine import Engine

# What the engine was asked for while the run ended appears a moment later.
_LOOKS, _PAUSE = 3, 0.5

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stand_guard(engine: Engine, label: str, folder: Path) -> Callable[[], None]:
    """Fork a process that waits for the end of this one, and then removes what belongs to it.

    A run may get no time for that: Pants kills what does not end within 3 seconds of Ctrl-C. Call
    this before there are threads.

    Args:
        engine: The one that has the containers.
        label: `NAME=VALUE` of all containers and volumes of the run.
        folder: Files of the run.

    Returns:
        What removes everything now, and returns when it is gone.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            # A session of its own: what ends the run must not end its guard.
            os.setsid()
            for number in _ENDING:
                signal.signal(number, signal.SIG_IGN)
            os.close(writing)
            # Ends when nobody holds the other side any more.
            os.read(reading, 1)
            _remove(engine, label, folder)
        finally:
            os._exit(0)
    os.close(reading)

    def finish() -> None:
        os.close(writing)
        os.waitpid(child, 0)

    return finish


def _remove(engine: Engine, label: str, folder: Path) -> None:
    looks = 0
    while looks < _LOOKS:
        ours = ("--quiet", "--filter", f"label={label}")
        containers = engine.call("container", "ls", "--all", *ours).stdout.split()
        if containers:
            engine.call("container", "rm", "--force", "--volumes", *containers)
        volumes = engine.call("volume", "ls", *ours).stdout.split()
        if volumes:
            engine.call("volume", "rm", "--force", *volumes)
        looks += 1
        time.sleep(_PAUSE)
    shutil.rmtree(folder, ignore_errors=True)
