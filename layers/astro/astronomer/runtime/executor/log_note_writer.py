"""Writes sentences into the logs of tasks, where people look for what became of them."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Iterable, Optional

from airflow.configuration import conf
from airflow.models import TaskInstance
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.net import get_hostname
from airflow.utils.session import create_session
from astronomer.runtime import lone_process
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.executor.log_notes import LogNote
from astronomer.runtime.logging import shipper, tickets
from astronomer.runtime.logging.task_handler import ShippedTaskHandler
from astronomer.runtime.messages import say
from sqlalchemy.exc import SQLAlchemyError


def write(note: LogNote, session: Any) -> None:
    """Add a sentence to the log of a try.

    It can be called while the task's own process writes to the log, before that and after it. A log
    that is shipped gets it where it is shipped to. One that Airflow's own handlers upload at the
    task's end has it here alone, unless the task's supervisor lives until then. A try whose task
    instance has been removed gets none.

    Args:
        note: What to add.
        session: SQLAlchemy's, of Airflow's database.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not say where the log is.
        OSError: The log cannot be written.
    """
    instances = session.query(TaskInstance).filter_by(
        dag_id=note.dag_id, task_id=note.task_id, run_id=note.run_id
    )
    if airflow_version() >= (2, 3, 0):
        instances = instances.filter_by(map_index=note.map_index)
    instance = instances.one_or_none()
    if instance is not None:
        _append(instance, note)


def write_all(lines: Iterable[str]) -> int:
    """Write notes, each a line of `LogNote.as_line`; returns an exit code.

    Those that cannot be written are said so on standard error; the others are written.
    """
    code = 0
    with create_session() as session:
        for note in (LogNote(**json.loads(line)) for line in lines):
            try:
                write(note, session)
            except OSError as error:
                say(f"the log of {note.dag_id}.{note.task_id} cannot be written: {error}.")
                code = 1
            except SQLAlchemyError as error:
                # Its text may name the user: the kind of error tells.
                what = type(error).__name__
                say(f"the database does not say where the logs of tasks are ({what}).")
                return 1
    return code


def _append(instance: Any, note: LogNote) -> None:
    templates = []
    if airflow_version() < (2, 3, 0):
        # Later releases have it in the database.
        templates.append(conf.get("logging", "log_filename_template"))
    names = FileTaskHandler(conf.get("logging", "base_log_folder"), *templates)
    log = os.path.normpath(names._render_filename(instance, note.try_number))
    path = Path(names.local_base, log)
    path.parent.mkdir(mode=0o777, parents=True, exist_ok=True)
    configured = _configured_handler()
    record = logging.LogRecord(__name__, note.level, __file__, 0, note.text, None, None)
    line = configured.format(record) if configured else note.text
    with ExitStack() as stack:
        if isinstance(configured, ShippedTaskHandler):
            stack.enter_context(_ticket(Path(names.local_base), log, path, instance))
        # At once: others append, too.
        with open(path, "ab", buffering=0) as file:
            file.write(f"{line}\n".encode())


def _ticket(base: Path, log: str, path: Path, instance: Any) -> Any:
    """What has the line shipped: the ticket of the task that still writes, or one more."""
    folder = base / tickets.FOLDER
    held = tickets.join(folder, log)
    if held is not None:
        return held
    session = tickets.Session.begin(get_hostname(), int(instance.job_id or 0))
    begun = tickets.begin(folder, session, log, path.stat().st_size if path.exists() else 0)
    # None lives where no task has run, as beside a scheduler.
    lone_process.ensure(shipper.MODULE, folder)
    return begun


def _configured_handler() -> Optional[FileTaskHandler]:
    for handler in logging.getLogger("airflow.task").handlers:
        if isinstance(handler, FileTaskHandler):
            return handler
    return None


if __name__ == "__main__":
    sys.exit(write_all(sys.argv[1:] or sys.stdin))
