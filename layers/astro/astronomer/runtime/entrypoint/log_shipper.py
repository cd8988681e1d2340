"""Starts the process that ships task logs, so that it is ready before the first task is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from astronomer.runtime import lone_process
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.entrypoint.identity import airflow_home
from astronomer.runtime.logging import stores
from astronomer.runtime.logging.shipper import MODULE, STAY
from astronomer.runtime.logging.tickets import FOLDER, waiting
from astronomer.runtime.messages import say
from astronomer.runtime.options import is_true

# A scheduler with these runs no tasks: all it can have is what another configuration has left.
_ELSEWHERE = ("celery", "kubernetes", "runtimeexecutor")


def start_shipper(components: Sequence[str], environ: Mapping[str, str]) -> None:
    """Ship what an earlier run of the container has left, and what tasks will write here.

    Nothing is started where logs are not shipped, nor for components that run no tasks.
    """
    sources = Sources(environ)
    if not _is_on(sources):
        return
    folder = _log_folder(sources, environ) / FOLDER
    stays = any(_runs_tasks(component, sources) for component in components)
    if not stays and not ("scheduler" in components and waiting(folder)):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        # Its messages are for the container's log.
        lone_process.start(MODULE, folder, *([STAY] if stays else []), environ=environ, stderr=None)
    except OSError as error:
        say(f"task logs are not shipped: {error}.")


def _is_on(sources: Sources) -> bool:
    remote = sources.setting("logging", "remote_logging")
    base = sources.setting("logging", "remote_base_log_folder")
    is_on = remote is not None and is_true(remote.value)
    return is_on and base is not None and stores.kind(base.value) is not None


def _log_folder(sources: Sources, environ: Mapping[str, str]) -> Path:
    chosen = sources.setting("logging", "base_log_folder")
    if chosen is None:
        return Path(airflow_home(environ), "logs")
    return Path(os.path.expanduser(os.path.expandvars(chosen.value)))


def _runs_tasks(component: str, sources: Sources) -> bool:
    if component in ("celery worker", "runner", "standalone"):
        return True
    executor = sources.setting("core", "executor")
    name = executor.value.rpartition(".")[2].lower() if executor else ""
    return component == "scheduler" and not name.startswith(_ELSEWHERE)
