"""What the executor reads and writes in Airflow's own tables; their columns stay as they are.

Source: airflow/models/taskinstance.py, airflow/jobs/base_job.py and airflow/models/log.py of
Airflow 2.2.4 to 2.3.4.
"""

from __future__ import annotations

from typing import Any, Sequence

# Airflow before 2.3 has no mapped tasks, and no column for them.
_SAME_TASK = """
    ti.dag_id = a.dag_id AND ti.task_id = a.task_id AND ti.run_id = a.run_id
    AND coalesce((to_jsonb(ti) ->> 'map_index')::integer, -1) = a.map_index
"""

# The column counts the tries that have begun.
_IS_QUEUED = f"{_SAME_TASK} AND ti.state = 'queued' AND ti.try_number = a.try_number - 1"
_RUNS = f"{_SAME_TASK} AND ti.state = 'running' AND ti.try_number = a.try_number"

IS_QUEUED = f"EXISTS (SELECT 1 FROM task_instance ti WHERE {_IS_QUEUED})"
"""Condition for the allocation `a`: Airflow has not begun this try of its task."""


def report_dead(cursor: Any, allocations: Sequence[int]) -> None:
    """Let Airflow find that the processes of these allocations are gone.

    Airflow looks for running tasks whose job does not run, every ten seconds, and fails them by its
    own rules: retries, callbacks, events.
    """
    cursor.execute(
        f"""
        UPDATE job SET state = 'failed', end_date = now()
        FROM astronomer_allocation a JOIN task_instance ti ON {_RUNS}
        WHERE a.id = ANY(%s) AND job.id = ti.job_id AND job.state = 'running'
        """,
        (list(allocations),),
    )


def log_event(cursor: Any, allocations: Sequence[int], event: str) -> None:
    """Put the reasons of these allocations into Airflow's log of events."""
    cursor.execute(
        """
        INSERT INTO log (dttm, dag_id, task_id, event, execution_date, owner, extra)
        SELECT now(), a.dag_id, a.task_id, %s, dag_run.execution_date, 'astronomer-runtime',
            a.reason
        FROM astronomer_allocation a
        JOIN dag_run ON dag_run.dag_id = a.dag_id AND dag_run.run_id = a.run_id
        WHERE a.id = ANY(%s)
        """,
        (event, list(allocations)),
    )
