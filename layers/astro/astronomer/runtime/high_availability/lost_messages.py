"""Finds tasks whose message the broker has lost, and sends it again.

A broker that was killed has forgotten what waited in its queues, and the tasks would be `queued`
for good. The same command under the same Celery id is sent again: the executor goes on following
that id, and should two deliveries of one message meet, Airflow's lock on the task instance lets one
run.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any, Callable, Container, Dict, Iterable, List, Mapping, Optional, Set

from astronomer.runtime.high_availability.broker import is_redis
from astronomer.runtime.high_availability.search import Search, Wanted, is_searchable

INTERVAL = 20.0
"""Seconds between two searches. What is missing twice in a row is lost."""

LEAST_AGE = timedelta(seconds=20)
"""A message may be between two places for a moment after it was sent."""

MOST_TASKS = 10_000
"""Tasks that are looked for in one search; the oldest come first."""

MOST_SENT = 500
"""Messages that are sent again after one search."""

_SHARE = 10
"""The broker is searched for a tenth of the time at most."""

log = logging.getLogger(__name__)


class LostMessages:
    """Looks after the messages of one executor, and never waits for the broker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a clean slate.

        Args:
            clock: Seconds that only ever rise.
        """
        self._clock = clock
        self._next_search = clock() + INTERVAL
        self._began = 0.0
        self._search: Optional[Search] = None
        self._missing: Set[str] = set()
        self._keys: Dict[str, Any] = {}
        self._unsendable: Set[str] = set()
        self._said: Set[str] = set()

    def look(self, tasks: Mapping[Any, Any]) -> None:
        """Take up what a search has found, or begin the next one when its time has come.

        The executor's loop calls this at every turn. It takes what one query to Airflow's database
        and one fork take; whatever goes wrong is said in the log, once.

        Args:
            tasks: The executor's Celery results by task instance key.
        """
        try:
            if self._search is not None:
                self._take_up(self._search)
            elif self._clock() >= self._next_search:
                self._next_search = self._clock() + INTERVAL
                self._begin({result.task_id: key for key, result in tasks.items()})
        except Exception as error:
            self._say({f"{type(error).__name__}"})

    def stop(self) -> None:
        """End the search that goes on, if there is one."""
        if self._search is not None:
            self._search.stop()
            self._search = None

    def _begin(self, keys: Dict[str, Any]) -> None:
        from airflow.executors.celery_executor import app
        from airflow.utils.session import create_session

        # Other brokers keep their messages through a restart.
        if not keys or not is_redis(app.connection_for_read()):
            return
        self._keys = keys
        with create_session() as session:
            queues = _waiting(session, keys)
            self._missing &= set(queues)
            self._unsendable &= set(queues)
            commands = self._commands(session, sorted(self._missing)[:MOST_SENT])
            session.expunge_all()
        if queues:
            self._began = self._clock()
            self._search = Search(
                {task_id: Wanted(queue, commands.get(task_id)) for task_id, queue in queues.items()}
            )

    def _take_up(self, search: Search) -> None:
        outcome = search.outcome()
        if outcome is None:
            return
        self._search = None
        took = self._clock() - self._began
        self._next_search = self._clock() + max(INTERVAL, took * _SHARE)
        for task_id in sorted(outcome.sent):
            log.warning(
                "The broker has lost the message of %s; it is sent again.", self._keys[task_id]
            )
        if outcome.complete:
            self._missing = set(outcome.missing)
        self._say(outcome.failures)

    def _commands(self, session: Any, task_ids: List[str]) -> Dict[str, List[str]]:
        commands: Dict[str, List[str]] = {}
        for ti in _task_instances(session, task_ids) if task_ids else ():
            try:
                # As the scheduler makes it.
                commands[ti.external_executor_id] = ti.command_as_list(
                    local=True, pickle_id=ti.dag_model.pickle_id
                )
            except Exception as error:
                self._give_up(ti.external_executor_id, error)
        return commands

    def _give_up(self, task_id: str, error: Exception) -> None:
        if task_id not in self._unsendable:
            self._unsendable.add(task_id)
            log.warning(
                "The broker has lost the message of %s. It cannot be sent again: what the database"
                " holds of the task and its DAG is not whole (%s).",
                self._keys[task_id],
                type(error).__name__,
            )

    def _say(self, failures: Iterable[str]) -> None:
        """Write what is wrong now, and was not at the last search."""
        found = set(failures)
        for failure in sorted(found - self._said):
            log.warning(
                "Messages that the broker may have lost are not looked for, or not sent again: %s.",
                failure,
            )
        if self._said and not found:
            log.info("Messages that the broker may have lost are looked for again.")
        self._said = found


def _waiting(session: Any, task_ids: Container[str]) -> Dict[str, str]:
    """Queues by the Celery ids of tasks that wait to be taken, the oldest ones."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.state import State
    from airflow.utils.timezone import utcnow

    # Columns, and no objects: what else stands in a row may be unreadable, and takes time.
    found = (
        session.query(TaskInstance.external_executor_id, TaskInstance.queue)
        .filter(
            TaskInstance.state == State.QUEUED,
            TaskInstance.queued_dttm < utcnow() - LEAST_AGE,
            TaskInstance.external_executor_id.isnot(None),
        )
        .order_by(TaskInstance.queued_dttm)
        .limit(MOST_TASKS)
    )
    return {
        task_id: queue for task_id, queue in found if task_id in task_ids and is_searchable(task_id)
    }


def _task_instances(session: Any, task_ids: List[str]) -> List[Any]:
    """With what makes their commands, and nothing else: one row that cannot be read, such as a
    configuration of a class that is gone, would be the end for all."""
    from airflow.models.dag import DagModel
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy.orm import lazyload, load_only, selectinload

    columns = [TaskInstance.external_executor_id, TaskInstance.queue]
    dag_columns = [DagModel.fileloc, DagModel.is_subdag, DagModel.pickle_id, DagModel.root_dag_id]
    found: List[Any] = (
        session.query(TaskInstance)
        .filter(TaskInstance.external_executor_id.in_(task_ids))
        .options(
            load_only(*columns),
            lazyload(TaskInstance.dag_run),
            selectinload(TaskInstance.dag_model).load_only(*dag_columns),
        )
        .all()
    )
    return found
