"""What the allocator has given to a runner: taking it, and saying how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from astronomer.runtime.executor import airflow_rows, channels
from astronomer.runtime.executor.connection import transaction
from astronomer.runtime.executor.isolation.task_process import Ended
from astronomer.runtime.executor.log_notes import LogNote


@dataclass(frozen=True)
class Assignment:
    """One try of a task that a runner has to run."""

    id: int
    command: Tuple[str, ...]
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    queue: str
    cpu_millis: int
    memory_bytes: int
    slots: int

    @property
    def name(self) -> str:
        """For people."""
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{mapped} {self.run_id} try {self.try_number}"

    def note(self, reason: str) -> LogNote:
        """For the log of the try."""
        return LogNote(
            self.dag_id, self.task_id, self.run_id, self.map_index, self.try_number, reason
        )

    def as_record(self) -> Dict[str, Any]:
        """For a line of JSON."""
        names = ("dag_id", "task_id", "run_id", "map_index", "try_number", "queue", "cpu_millis")
        record = {name: getattr(self, name) for name in names}
        return {**record, "memory_bytes": self.memory_bytes, "slots": self.slots}


def claim(cursor: Any, runner: int) -> List[Assignment]:
    """Take all that is assigned to the runner; it begins now.

    Nothing where the runner's lease has ended, or it takes no more tasks.
    """
    cursor.execute(
        """
        UPDATE astronomer_allocation a SET state = 'running', started_at = now()
        FROM astronomer_runner r
        WHERE a.runner_id = %s AND a.state = 'assigned' AND r.id = a.runner_id
            AND r.state = 'active' AND r.lease_until > now()
        RETURNING a.id, a.command, a.dag_id, a.task_id, a.run_id, a.map_index, a.try_number,
            a.queue, a.cpu_millis, a.memory_bytes, a.slots
        """,
        (runner,),
    )
    return [Assignment(row[0], tuple(row[1]), *row[2:]) for row in cursor.fetchall()]


def explain(connection: Any, runner: int, number: int, reason: str) -> None:
    """Say why a task is being ended, before it has ended. Only the first reason is an event.

    Args:
        connection: As `Database.connect` opens it.
        runner: The runner's number.
        number: The allocation's.
        reason: One sentence.
    """
    with transaction(connection) as cursor:
        _explain(cursor, runner, number, reason)


def _explain(cursor: Any, runner: int, number: int, reason: str) -> None:
    cursor.execute(
        """
        UPDATE astronomer_allocation SET reason = %s
        WHERE id = %s AND runner_id = %s AND state = 'running' AND reason = ''
        """,
        (reason, number, runner),
    )
    if cursor.rowcount:
        airflow_rows.log_event(cursor, [number], "task ended by runner")


def finish(connection: Any, runner: int, number: int, ended: Ended) -> None:
    """Say how a task has ended. Nothing happens where others have it meanwhile.

    Args:
        connection: As `Database.connect` opens it.
        runner: The runner's number.
        number: The allocation's.
        ended: How.
    """
    with transaction(connection) as cursor:
        succeeded = ended.exit_code == 0 and not ended.reason
        if ended.reason:
            _explain(cursor, runner, number, ended.reason)
        cursor.execute(
            """
            UPDATE astronomer_allocation SET state = 'completed', ended_at = now(),
                succeeded = %s, exit_code = %s, signal = %s, reason = %s, peak_memory_bytes = %s,
                cpu_seconds = %s
            WHERE id = %s AND runner_id = %s AND state = 'running'
            """,
            (
                succeeded,
                ended.exit_code,
                ended.signal,
                ended.reason,
                ended.peak_memory_bytes,
                ended.cpu_seconds,
                number,
                runner,
            ),
        )
        if not cursor.rowcount:
            return
        cursor.execute(
            """
            INSERT INTO astronomer_task_peak (dag_id, task_id, ended_at, allocation_id,
                peak_memory_bytes, cpu_seconds, wall_seconds, cpu_millis, memory_bytes)
            SELECT dag_id, task_id, ended_at, id, peak_memory_bytes, cpu_seconds,
                extract(epoch FROM ended_at - started_at)::float8, cpu_millis, memory_bytes
            FROM astronomer_allocation WHERE id = %s
            """,
            (number,),
        )
        if not succeeded:
            airflow_rows.report_dead(cursor, [number])
        channels.notify(cursor, channels.ALLOCATOR)
