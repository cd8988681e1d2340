"""Rows of the Runtime executor's tables, as a scheduler and runners write them."""

from __future__ import annotations

from typing import Any, Callable, Sequence

Sql = Callable[..., Any]
"""Runs a statement with values; returns its rows."""


def queue_task(
    sql: Sql,
    task_id: str = "work",
    command: Sequence[str] = ("true",),
    queue: str = "default",
    ti_state: str = "queued",
    **asked: int,
) -> int:
    """Write a task instance of Airflow's with its run, and the allocation that waits for it.

    Args:
        sql: For a database with Airflow's tables and ours.
        task_id: Unlike all others in the database.
        command: What a runner runs.
        queue: Of the task.
        ti_state: What Airflow has noted; the first try of a running one has begun.
        asked: Columns of the request: `cpu_millis`, `memory_bytes`, `slots`, and `priority`.

    Returns:
        The allocation's id.
    """
    sql(
        "INSERT INTO dag_run (dag_id, run_id, run_type, execution_date, state, start_date)"
        " SELECT 'dag', 'run', 'manual', now(), 'running', now()"
        " WHERE NOT EXISTS (SELECT 1 FROM dag_run)"
    )
    tries = 1 if ti_state == "running" else 0
    sql(
        "INSERT INTO task_instance"
        " (dag_id, run_id, task_id, state, try_number, max_tries, pool, pool_slots, queue)"
        " VALUES ('dag', 'run', %s, %s, %s, 1, 'default_pool', 1, %s)",
        task_id,
        ti_state,
        tries,
        queue,
    )
    row = {"cpu_millis": 0, "memory_bytes": 0, "slots": 1, "priority": 1, **asked}
    columns = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    found = sql(
        "INSERT INTO astronomer_allocation"
        f" (dag_id, run_id, task_id, map_index, try_number, owner, command, queue, {columns})"
        f" VALUES ('dag', 'run', %s, -1, 1, 'scheduler', %s, %s, {marks}) RETURNING id",
        task_id,
        list(command),
        queue,
        *row.values(),
    )
    return int(found[0][0])


def add_runner(
    sql: Sql,
    name: str = "runner",
    queues: Sequence[str] = ("default",),
    lease_seconds: float = 60,
    slots: int = 16,
) -> int:
    """Write a runner with 4 CPUs and 8 GiB whose lease runs from now; returns its id."""
    found = sql(
        "INSERT INTO astronomer_runner (name, queues, cpu_millis, memory_bytes, slots, version,"
        " host, lease_seconds, lease_until) VALUES (%s, %s, 4000, 8589934592, %s, '1', 'host', %s,"
        " now() + make_interval(secs => %s)) RETURNING id",
        name,
        list(queues),
        slots,
        lease_seconds,
        lease_seconds,
    )
    return int(found[0][0])


def add_peak(
    sql: Sql,
    number: int,
    task_id: str = "work",
    peak_memory_bytes: int = 2**30,
    cpu_seconds: float = 10.0,
    wall_seconds: float = 10.0,
    memory_bytes: int = 0,
    cpu_millis: int = 0,
) -> None:
    """Write what a run has used, as a runner does.

    Args:
        sql: For a database with our tables.
        number: The allocation's, unlike all others.
        task_id: Of the DAG `dag`.
        peak_memory_bytes: What it used at most.
        cpu_seconds: What it used in all.
        wall_seconds: How long it ran.
        memory_bytes: What it asked for.
        cpu_millis: The same of CPU.
    """
    sql(
        "INSERT INTO astronomer_task_peak VALUES ('dag', %s, now(), %s, %s, %s, %s, %s, %s)",
        *(task_id, number, peak_memory_bytes, cpu_seconds, wall_seconds, cpu_millis, memory_bytes),
    )
