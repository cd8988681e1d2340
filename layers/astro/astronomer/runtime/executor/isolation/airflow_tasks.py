"""What a warm parent loads of Airflow, and how a task of Airflow's runs in a fork of it.

Nothing here runs a task's code before the fork, and nothing connects to the database.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import List, Sequence

from astronomer.runtime import kernel
from astronomer.runtime.executor import log_notes

# What a task imports while it runs, on Airflow 2.2 to 2.3; those that a release lacks are left out.
# Found by comparing `sys.modules` before and after a task.
_MODULES = [
    "airflow.cli.commands.task_command",
    "airflow.jobs.local_task_job",
    "airflow.lineage.backend",
    "airflow.listeners.events",
    "airflow.models",
    "airflow.operators.bash",
    "airflow.operators.python",
    "airflow.sensors.base",
    "airflow.sentry",
    "airflow.serialization.serialized_objects",
    "airflow.task.task_runner.standard_task_runner",
    "airflow.utils.cli_action_loggers",
    "airflow.utils.log.file_task_handler",
    "airflow.utils.log.secrets_masker",
    log_notes.WRITER,
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql",
]


def project_files() -> List[Path]:
    """Plugins, the local settings and the configuration: what warm parents are replaced for."""
    from airflow.configuration import AIRFLOW_CONFIG, conf

    return [Path(conf.get("core", "plugins_folder")), Path(AIRFLOW_CONFIG)]


def warm_up() -> None:
    """Load Airflow, its plugins, their macros and listeners."""
    for name in _MODULES:
        _import(name)
    from airflow import plugins_manager, settings
    from airflow.cli.cli_parser import get_parser
    from sqlalchemy.orm import configure_mappers

    plugins_manager.ensure_plugins_loaded()
    plugins_manager.integrate_macros_plugins()
    if "airflow.listeners.events" in sys.modules:
        from airflow.listeners.listener import get_listener_manager

        # It registers the plugins' listeners when it is first asked for.
        get_listener_manager()
    configure_mappers()
    get_parser()
    settings.dispose_orm()


def run(command: Sequence[str]) -> int:
    """Run a task in this process, which was forked for it; returns its exit code.

    As Airflow's LocalExecutor does in its own forks: airflow/executors/local_executor.py. A command
    of `LogNote.as_command` writes the note instead.
    """
    from airflow import settings
    from airflow.cli.cli_parser import get_parser
    from airflow.sentry import Sentry

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _tie_children_to(os.getpid())
    try:
        settings.configure_orm()
        if command[0] == log_notes.WRITER:
            return int(importlib.import_module(log_notes.WRITER).write_all(command[1:]))
        arguments = get_parser().parse_args(command[1:])
        arguments.shut_down_logging = False
        # Airflow's own dependency, which has no types.
        title = importlib.import_module("setproctitle")
        title.setproctitle(f"airflow task supervisor: {list(command)}")
        arguments.func(arguments)
        return 0
    except Exception as error:
        logging.getLogger(__name__).exception("Failed to execute task %s.", error)
        return 1
    finally:
        Sentry.flush()
        logging.shutdown()


def arguments(command: Sequence[str]) -> List[str]:
    """What a new interpreter is started with, where a fork is not safe."""
    return ["-m", *command]


def _tie_children_to(leader: int) -> None:
    """Have the task's process end with its supervisor, whoever else is dead."""

    def tie() -> None:
        if os.getppid() == leader:
            kernel.end_with_parent()

    os.register_at_fork(after_in_child=tie)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
