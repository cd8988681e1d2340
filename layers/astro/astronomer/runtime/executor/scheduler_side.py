"""What a scheduler writes and reads of allocations; knows nothing of Airflow's classes.

All methods may be called by one thread alone. A database that is away keeps what was queued for
the next call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from astronomer.runtime.executor import airflow_rows, channels, tables
from astronomer.runtime.executor.connection import Database, transaction
from astronomer.runtime.executor.requests import TaskRequest

Try = Tuple[str, str, str, int, int]
"""One try of a task instance: DAG, task, run, index in a mapped task (-1 for none), try number."""

_SAME_TRY = (
    "(a.dag_id, a.task_id, a.run_id, a.map_index, a.try_number)"
    " = (t.dag_id, t.task_id, t.run_id, t.map_index, t.try_number)"
)
_TRIES = (
    "unnest(%s::text[], %s::text[], %s::text[], %s::integer[], %s::integer[])"
    " AS t (dag_id, task_id, run_id, map_index, try_number)"
)


@dataclass(frozen=True)
class Queued:
    """A try that is to run."""

    key: Try
    command: Tuple[str, ...]
    queue: str
    priority: int
    request: TaskRequest


@dataclass(frozen=True)
class Finished:
    """A try that has ended."""

    id: int
    key: Try
    succeeded: bool
    reason: str


class SchedulerSide:
    """The allocations of one scheduler."""

    def __init__(self, database: Database, owner: str) -> None:
        """Prepare; connects when it is first needed.

        Args:
            database: Where allocations are.
            owner: Unlike that of any other scheduler's life.
        """
        self._database = database
        self._owner = owner
        self._connection: Optional[Any] = None
        self._queued: Dict[Try, Queued] = {}

    def connect(self) -> None:
        """Connect, and see that the tables are there.

        Raises:
            ConfigurationError: The database is not fit for it.
            psycopg2.Error: It does not answer.
        """
        self._use(lambda connection: None)

    def queue(self, task: Queued) -> None:
        """Have it run; written by the next `flush`."""
        self._queued[task.key] = task

    def withdraw(self, key: Try) -> None:
        """Forget what was not written yet."""
        self._queued.pop(key, None)

    def flush(self) -> int:
        """Write what was queued, all or nothing; returns how many. Raises psycopg2.Error."""
        if not self._queued:
            return 0
        tasks = list(self._queued.values())
        self._use(lambda connection: self._insert(connection, tasks))
        for task in tasks:
            del self._queued[task.key]
        return len(tasks)

    def finished(self) -> List[Finished]:
        """What has ended since, each once. Raises psycopg2.Error."""

        def read(connection: Any) -> List[Finished]:
            with connection.cursor() as cursor:
                cursor.execute(
                    """
                    UPDATE astronomer_allocation SET reported = true
                    WHERE owner = %s AND state = 'completed' AND NOT reported
                    RETURNING id, dag_id, task_id, run_id, map_index, try_number, succeeded, reason
                    """,
                    (self._owner,),
                )
                rows = sorted(cursor.fetchall())
            return [Finished(row[0], _try(row[1:6]), row[6], row[7]) for row in rows]

        found: List[Finished] = self._use(read)
        return found

    def adopt(self, keys: Sequence[Try]) -> List[Try]:
        """Take over what other schedulers have queued; returns what has an allocation.

        What has ended, and may not have been reported by the other, is reported again.
        """
        if not keys:
            return []

        def take(connection: Any) -> List[Try]:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""
                    WITH last AS (
                        SELECT max(a.id) AS id FROM astronomer_allocation a JOIN {_TRIES}
                        ON {_SAME_TRY} GROUP BY a.dag_id, a.task_id, a.run_id, a.map_index,
                            a.try_number
                    )
                    UPDATE astronomer_allocation a SET owner = %s, reported = false
                    FROM last WHERE a.id = last.id
                    RETURNING a.dag_id, a.task_id, a.run_id, a.map_index, a.try_number
                    """,
                    (*map(list, zip(*keys)), self._owner),
                )
                return [_try(row) for row in cursor.fetchall()]

        found: List[Try] = self._use(take)
        return found

    def impossible(self) -> List[Tuple[int, Try, str]]:
        """What waits for a runner that there is not, with its id and why."""

        def read(connection: Any) -> List[Tuple[int, Try, str]]:
            with connection.cursor() as cursor:
                cursor.execute(
                    """
                    SELECT id, dag_id, task_id, run_id, map_index, try_number, reason
                    FROM astronomer_allocation
                    WHERE owner = %s AND state = 'unassigned' AND reason <> ''
                    """,
                    (self._owner,),
                )
                return [(row[0], _try(row[1:6]), row[6]) for row in cursor.fetchall()]

        found: List[Tuple[int, Try, str]] = self._use(read)
        return found

    def log_events(self, allocations: Sequence[int]) -> None:
        """Put their reasons into Airflow's log of events."""

        def write(connection: Any) -> None:
            with connection.cursor() as cursor:
                airflow_rows.log_event(cursor, allocations, "task waits")

        self._use(write)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, connection: Any, tasks: Sequence[Queued]) -> None:
        with transaction(connection) as cursor:
            cursor.executemany(
                """
                INSERT INTO astronomer_allocation (dag_id, task_id, run_id, map_index, try_number,
                    owner, command, queue, priority, cpu_millis, memory_bytes, slots)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (dag_id, run_id, task_id, map_index, try_number)
                    WHERE state = 'unassigned'
                DO UPDATE SET owner = excluded.owner, command = excluded.command,
                    queue = excluded.queue, priority = excluded.priority,
                    cpu_millis = excluded.cpu_millis, memory_bytes = excluded.memory_bytes,
                    slots = excluded.slots
                """,
                [
                    (
                        *task.key,
                        self._owner,
                        list(task.command),
                        task.queue,
                        task.priority,
                        task.request.cpu_millis,
                        task.request.memory_bytes,
                        task.request.slots,
                    )
                    for task in tasks
                ],
            )
            channels.notify(cursor, channels.ALLOCATOR)

    def _use(self, work: Callable[[Any], Any]) -> Any:
        """Do something with the connection; one that fails is opened anew next time."""
        if self._connection is None:
            connection = self._database.connect("astronomer-runtime scheduler")
            try:
                tables.migrate(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        try:
            return work(self._connection)
        except BaseException:
            self.close()
            raise


def _try(row: Sequence[Any]) -> Try:
    dag_id, task_id, run_id, map_index, try_number = row
    return (dag_id, task_id, run_id, map_index, try_number)
