"""Tasks for tests of isolation: a warm parent loads this in place of Airflow.

A task's command is `["python", CODE]`, which runs in the fork.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from pathlib import Path
from typing import List, Sequence

loaded_in = os.getpid()
"""The warm parent."""

loaded: str = ""
"""What the file of the variable `PROJECT_FILE` said when it was loaded."""


def project_files() -> List[Path]:
    path = os.environ.get("PROJECT_FILE")
    return [Path(path)] if path else []


def warm_up() -> None:
    global loaded
    how = os.environ.get("WARM_UP", "")
    if how == "fail":
        raise RuntimeError("a plugin that cannot be loaded")
    if how == "thread":
        threading.Thread(target=time.sleep, args=[3600], daemon=True).start()
    if how == "numpy":
        importlib.import_module("numpy")
    for path in project_files():
        loaded = path.read_text()


def run(command: Sequence[str]) -> int:
    exec(compile(command[1], "<task>", "exec"), {"__name__": "task"})
    return 0


def arguments(command: Sequence[str]) -> List[str]:
    return ["-c", command[1]]
