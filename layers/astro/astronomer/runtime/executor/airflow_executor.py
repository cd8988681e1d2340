"""The executor as Airflow 2.2 and 2.3 know it. All that is Airflow's interface is here."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import uuid
from typing import Any, Dict, List, Optional, Set

from airflow.executors.base_executor import BaseExecutor
from airflow.models.taskinstance import TaskInstance, TaskInstanceKey
from airflow.utils.state import State
from astronomer.runtime import options
from astronomer.runtime.errors import StartError
from astronomer.runtime.executor.allocator import strategy
from astronomer.runtime.executor.connection import of_environment
from astronomer.runtime.executor.log_notes import LogNote, NoteWriters
from astronomer.runtime.executor.quantities import InvalidQuantity
from astronomer.runtime.executor.requests import Defaults
from astronomer.runtime.executor.scheduler_side import Queued, SchedulerSide, Try
from astronomer.runtime.messages import say

_ALLOCATOR = "astronomer.runtime.executor.allocator"

_LOOK_SECONDS = 5.0


class RuntimeExecutor(BaseExecutor):
    """Writes what is to run into the database, and reads from it what has ended."""

    def __init__(self, parallelism: Optional[int] = None) -> None:
        """Prepare.

        Args:
            parallelism: As Airflow's executors have it; None for `[core] parallelism`.
        """
        if parallelism is None:
            super().__init__()
        else:
            super().__init__(parallelism)
        self._side: Optional[SchedulerSide] = None
        self._defaults: Optional[Defaults] = None
        self._allocator: Optional["subprocess.Popen[bytes]"] = None
        self._priorities: Dict[TaskInstanceKey, int] = {}
        self._refused: List[TaskInstanceKey] = []
        self._said: Set[Any] = set()
        self._notes = NoteWriters()
        self._look_at = 0.0
        self._trouble = ""

    def start(self) -> None:
        """Connect, and start the allocator; ends the scheduler with a sentence where the database
        or an option is not fit for it."""
        try:
            strategy(os.environ)
            self._defaults = Defaults(options.from_airflow)
            owner = f"{self.job_id}/{uuid.uuid4()}"
            self._side = SchedulerSide(of_environment(os.environ), owner)
            self._side.connect()
        except StartError as error:
            say(str(error))
            # A job of Airflow's takes `SystemExit` for a success, and nothing has been started yet.
            os._exit(error.exit_code)
        self._keep_allocator()

    def trigger_tasks(self, open_slots: int) -> None:
        """As Airflow's; `execute_async` is not told the priority."""
        self._priorities = {key: queued[1] for key, queued in self.queued_tasks.items()}
        super().trigger_tasks(open_slots)

    def execute_async(
        self,
        key: TaskInstanceKey,
        command: List[str],
        queue: Optional[str] = None,
        executor_config: Optional[Any] = None,
    ) -> None:
        """Have a command run by a runner of the queue."""
        self.validate_command(command)
        assert self._side and self._defaults
        name = queue or "default"
        try:
            request = self._defaults.request(executor_config, name)
        except InvalidQuantity as error:
            self.log.error("%s asks for what cannot be: %s.", key, error)
            # By the next `sync`: Airflow counts it as running when this returns.
            self._refused.append(key)
            return
        priority = self._priorities.get(key, 1)
        self._side.queue(Queued(_try(key), tuple(command), name, priority, request))

    def sync(self) -> None:
        """Write what is new, read what has ended. A database that is away is asked again next
        time."""
        import psycopg2

        assert self._side
        self._keep_allocator()
        self._notes.work()
        while self._refused:
            self.fail(self._refused.pop())
        try:
            self._side.flush()
            for finished in self._side.finished():
                if finished.reason:
                    self.log.warning("%s: %s", _key(finished.key), finished.reason)
                self.change_state(
                    _key(finished.key), State.SUCCESS if finished.succeeded else State.FAILED
                )
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + _LOOK_SECONDS
                self._say_what_is_impossible(self._side)
        except psycopg2.Error as error:
            # Its text may name the user: the kind of error tells.
            if type(error).__name__ != self._trouble:
                self._trouble = type(error).__name__
                self.log.warning(
                    "The Runtime executor cannot use the database (%s); it tries again.",
                    self._trouble,
                )
        else:
            self._trouble = ""

    def try_adopt_task_instances(self, tis: List[TaskInstance]) -> List[TaskInstance]:
        """Take over the tasks of a scheduler that is gone; returns those without an allocation."""
        assert self._side
        keys = {_try(ti.key): ti for ti in tis}
        for key in self._side.adopt(list(keys)):
            self.running.add(keys.pop(key).key)
        return list(keys.values())

    def end(self) -> None:
        """Leave what runs to runners, and its end to another scheduler or a later life of this."""
        if self._side is not None:
            self.sync()
            self._side.close()
        self._notes.close()
        self._end_allocator()

    def terminate(self) -> None:
        """As `end`: runners go on."""
        self.end()

    def _say_what_is_impossible(self, side: SchedulerSide) -> None:
        found = side.impossible()
        new = [each for each in found if (each[0], each[2]) not in self._said]
        self._said = {(number, reason) for number, _, reason in found}
        for _, key, reason in new:
            self.log.warning("%s waits: %s", _key(key), reason)
            self._notes.add(LogNote(*key, f"The task waits: {reason}", logging.WARNING))
        if new:
            side.log_events([number for number, _, _ in new])

    def _keep_allocator(self) -> None:
        if self._allocator is not None and self._allocator.poll() is None:
            return
        self._end_allocator()
        # Its standard input is what it hears the end of this process by.
        self._allocator = subprocess.Popen(
            [sys.executable, "-m", _ALLOCATOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _end_allocator(self) -> None:
        if self._allocator is None:
            return
        assert self._allocator.stdin
        self._allocator.stdin.close()
        self._allocator.terminate()
        self._allocator.wait()
        self._allocator = None


def _try(key: TaskInstanceKey) -> Try:
    return (
        key.dag_id,
        key.task_id,
        key.run_id,
        # Airflow before 2.3 has no mapped tasks.
        getattr(key, "map_index", -1),
        key.try_number,
    )


def _key(found: Try) -> TaskInstanceKey:
    dag_id, task_id, run_id, map_index, try_number = found
    if "map_index" in TaskInstanceKey._fields:
        return TaskInstanceKey(dag_id, task_id, run_id, try_number, map_index)
    return TaskInstanceKey(dag_id, task_id, run_id, try_number)
