"""Where people look for why a task ended: its log, and Airflow's log of events."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

from airflow.configuration import conf
from airflow.models import DagRun, TaskInstance
from airflow.models.log import Log
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.net import get_hostname
from airflow.utils.session import provide_session
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.logging import tickets
from astronomer.runtime.logging.task_handler import ShippedTaskHandler
from astronomer.runtime.messages import say

EVENT = "runner_ended_task"
"""In the column `event` of the table `log`; the reason is in `extra`."""


@provide_session
def note_ending(
    dag_id: str,
    task_id: str,
    run_id: str,
    map_index: int,
    try_number: int,
    reason: str,
    session: Any = None,
) -> None:
    """Write why a try was ended to its log and to Airflow's log of events.

    It can be called while the task's own process still writes to the log, and after that. A log
    that is shipped gets it where it is shipped to. One that Airflow's own handlers upload at the
    task's end has it here alone, unless the task's supervisor lives until then.

    Args:
        dag_id, task_id, run_id: The task instance.
        map_index: As Airflow 2.3 has it; -1 for one that is not mapped.
        try_number: The try, from 1.
        reason: `Ended.reason`, or `TaskProcess.reason` as soon as it is known.
        session: SQLAlchemy's; without one, Airflow's, which is committed.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not take it. A log that cannot be written
            raises nothing: the event is noted, and the runner's own log says so.
    """
    knows_maps = airflow_version() >= (2, 3, 0)
    instances = session.query(TaskInstance).filter_by(dag_id=dag_id, task_id=task_id, run_id=run_id)
    if knows_maps:
        instances = instances.filter_by(map_index=map_index)
    instance = instances.one_or_none()
    run = session.query(DagRun).filter_by(dag_id=dag_id, run_id=run_id).one_or_none()
    more = {"map_index": map_index} if knows_maps else {}
    session.add(
        Log(
            EVENT,
            owner="astronomer-runtime",
            extra=reason,
            dag_id=dag_id,
            task_id=task_id,
            execution_date=run.execution_date if run else None,
            **more,
        )
    )
    if instance is not None:
        try:
            _append(instance, try_number, reason)
        except OSError as error:
            say(f"the log of {dag_id}.{task_id} cannot be written: {error}.")


def _append(instance: Any, try_number: int, reason: str) -> None:
    templates = []
    if airflow_version() < (2, 3, 0):
        # Later releases have it in the database.
        templates.append(conf.get("logging", "log_filename_template"))
    names = FileTaskHandler(conf.get("logging", "base_log_folder"), *templates)
    log = os.path.normpath(names._render_filename(instance, try_number))
    path = Path(names.local_base, log)
    path.parent.mkdir(mode=0o777, parents=True, exist_ok=True)
    configured = _configured_handler()
    record = logging.LogRecord(__name__, logging.ERROR, __file__, 0, reason, None, None)
    line = configured.format(record) if configured else reason
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
    return tickets.begin(folder, session, log, path.stat().st_size if path.exists() else 0)


def _configured_handler() -> Optional[FileTaskHandler]:
    for handler in logging.getLogger("airflow.task").handlers:
        if isinstance(handler, FileTaskHandler):
            return handler
    return None
