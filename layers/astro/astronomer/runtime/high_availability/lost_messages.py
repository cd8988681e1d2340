"""Finds tasks whose message the broker has lost, and sends it again.

A broker that was killed has forgotten what waited in its queues, and the tasks would be `queued`
for good. The same command under the same Celery id is sent again: the executor goes on following
that id, and should two deliveries meet after all, Airflow's lock on the task instance lets one run.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from typing import Any, Callable, Dict, Iterable, List, Mapping, Set

INTERVAL = 20.0
"""Seconds between two looks. What is missing twice in a row is lost."""

LEAST_AGE = timedelta(seconds=20)
"""A message may be between two places for a moment after it was sent."""

log = logging.getLogger(__name__)


class LostMessages:
    """Looks after the messages of one executor."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a clean slate.

        Args:
            clock: Seconds that only ever rise.
        """
        self._clock = clock
        self._next_look = clock() + INTERVAL
        self._missing: Set[str] = set()

    def look(self, tasks: Mapping[Any, Any]) -> List[str]:
        """Send again what was missing at this look and at the last one.

        Args:
            tasks: The executor's Celery results by task instance key.

        Returns:
            The Celery ids that were sent again.
        """
        if self._clock() < self._next_look:
            return []
        self._next_look = self._clock() + INTERVAL
        waiting = _waiting_task_instances([result.task_id for result in tasks.values()])
        present = ids_in_broker({ti.queue for ti in waiting.values()}) if waiting else set()
        if present is None:
            return []
        missing = set(waiting) - present
        lost = missing & self._missing
        self._missing = missing - lost
        for task_id in sorted(lost):
            _send_again(task_id, waiting[task_id])
        return sorted(lost)


def ids_in_broker(queues: Iterable[str]) -> "Set[str] | None":
    """The Celery ids of all messages that wait in the queues or are with a worker.

    None where the broker is no Redis: others keep their messages through a restart.
    """
    from airflow.executors.celery_executor import app

    with app.connection_for_read() as connection:
        if connection.transport.driver_type != "redis":
            return None
        channel = connection.default_channel
        if getattr(channel, "global_keyprefix", ""):
            # Under other names than kombu's own, every message would look lost.
            return None
        client = channel.client
        # Taken messages first: one that is taken meanwhile is then seen in at least one place.
        contents = [json.loads(each)[0] for each in client.hvals(channel.unacked_key)]
        for queue in queues:
            contents += [json.loads(each) for each in client.lrange(queue, 0, -1)]
        # And once more, for those that a dead worker's messages were given back from.
        contents += [json.loads(each)[0] for each in client.hvals(channel.unacked_key)]
        # A queue may hold what another program sent.
        return {str(each.get("headers", {}).get("id")) for each in contents}


def _waiting_task_instances(task_ids: List[str]) -> Dict[str, Any]:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import State
    from airflow.utils.timezone import utcnow

    with create_session() as session:
        found = (
            session.query(TaskInstance)
            .filter(
                TaskInstance.external_executor_id.in_(task_ids),
                TaskInstance.state == State.QUEUED,
                TaskInstance.queued_dttm < utcnow() - LEAST_AGE,
            )
            .all()
        )
        for ti in found:
            # Read while there is a session.
            ti.command = ti.command_as_list(local=True, pickle_id=ti.dag_model.pickle_id)
        session.expunge_all()
    return {ti.external_executor_id: ti for ti in found}


def _send_again(task_id: str, ti: Any) -> None:
    from airflow.executors.celery_executor import execute_command

    log.warning("The broker has lost the message of %s; it is sent again.", ti.key)
    execute_command.apply_async(args=[ti.command], queue=ti.queue, task_id=task_id)
