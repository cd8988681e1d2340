"""What waits, where there is room, and what runs where: the same for people and programs."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from astronomer.runtime.executor.quantities import shown_cpu, shown_memory
from astronomer.runtime.executor.rows import rows
from astronomer.runtime.executor.text_table import text_table

_WAITS_FOR_ROOM = "It waits for room."


def read(connection: Any, most_waiting: Optional[int] = None) -> Dict[str, Any]:
    """The state of the executor, for a database with its tables.

    Args:
        connection: As `Database.connect` opens it.
        most_waiting: How many of the waiting tasks are named, those that wait longest; None for
            all.

    Returns:
        `waiting`: tasks with what they ask for, since when and why; `runners`: with what they have,
        what of it is reserved, their queues, the age of their last word and their tasks; `queues`:
        for each how much waits and is reserved, of all its tasks, and what the active runners that
        serve it have. A runner that serves several counts in each.
    """
    with connection.cursor() as cursor:
        waiting = rows(
            cursor,
            """
            SELECT dag_id, task_id, run_id, map_index, try_number, queue, priority, cpu_millis,
                memory_bytes, slots, extract(epoch FROM now() - queued_at)::float8 AS seconds,
                reason
            FROM astronomer_allocation WHERE state = 'unassigned' ORDER BY id LIMIT %s
            """,
            (most_waiting,),
        )
        runners = rows(
            cursor,
            """
            SELECT id, name, host, state, version, queues, cpu_millis, memory_bytes, slots,
                lease_until > now() AS is_alive,
                extract(epoch FROM now() - lease_until)::float8 + lease_seconds AS seconds_silent
            FROM astronomer_runner WHERE state <> 'ended' ORDER BY name
            """,
        )
        placed = rows(
            cursor,
            """
            SELECT runner_id, state, dag_id, task_id, run_id, map_index, try_number, queue,
                cpu_millis, memory_bytes, slots,
                extract(epoch FROM now() - coalesce(started_at, assigned_at))::float8 AS seconds
            FROM astronomer_allocation WHERE state IN ('assigned', 'running') ORDER BY id
            """,
        )
        queues = by_queue(cursor)
    for task in waiting:
        task["reason"] = task["reason"] or _WAITS_FOR_ROOM
    by_runner: Dict[int, List[Dict[str, Any]]] = {}
    for task in placed:
        by_runner.setdefault(task.pop("runner_id"), []).append(task)
    for runner in runners:
        tasks = by_runner.get(runner.pop("id"), [])
        runner["tasks"] = tasks
        for name in ("cpu_millis", "memory_bytes", "slots"):
            runner[f"reserved_{name}"] = sum(task[name] for task in tasks)
    return {"waiting": waiting, "runners": runners, "queues": queues}


def as_text(found: Dict[str, Any]) -> str:
    """The same as tables."""
    runners = [
        (
            runner["name"],
            ",".join(runner["queues"]),
            runner["state"] if runner["is_alive"] else "silent",
            _of(shown_cpu, runner, "cpu_millis"),
            _of(shown_memory, runner, "memory_bytes"),
            _of(str, runner, "slots"),
            str(len(runner["tasks"])),
            f"{max(runner['seconds_silent'], 0):.0f} s ago",
        )
        for runner in found["runners"]
    ]
    waiting = [
        (
            f"{task['dag_id']}.{task['task_id']}",
            task["run_id"],
            str(task["try_number"]),
            task["queue"],
            f"{task['seconds']:.0f} s",
            task["reason"],
        )
        for task in found["waiting"]
    ]
    heads = ("runner", "queues", "state", "CPU", "memory", "slots", "tasks", "last heard of")
    parts = [text_table([heads, *runners]) if runners else "No runner."]
    heads_waiting = ("waiting task", "run", "try", "queue", "for", "why")
    parts.append(text_table([heads_waiting, *waiting]) if waiting else "Nothing waits.")
    return "\n\n".join(parts)


def by_queue(cursor: Any) -> Dict[str, Dict[str, int]]:
    """For each queue how much waits and is reserved, since when the first one waits, and what the
    active runners that serve it have."""
    found = rows(
        cursor,
        """
        WITH asked AS (
            SELECT queue,
                count(*) FILTER (WHERE state = 'unassigned') AS waiting_tasks,
                sum(cpu_millis) FILTER (WHERE state = 'unassigned') AS waiting_cpu_millis,
                sum(memory_bytes) FILTER (WHERE state = 'unassigned') AS waiting_memory_bytes,
                sum(slots) FILTER (WHERE state = 'unassigned') AS waiting_slots,
                extract(epoch FROM now() - min(queued_at) FILTER (WHERE state = 'unassigned'))
                    AS longest_wait_seconds,
                count(*) FILTER (WHERE state <> 'unassigned') AS reserved_tasks,
                sum(cpu_millis) FILTER (WHERE state <> 'unassigned') AS reserved_cpu_millis,
                sum(memory_bytes) FILTER (WHERE state <> 'unassigned') AS reserved_memory_bytes,
                sum(slots) FILTER (WHERE state <> 'unassigned') AS reserved_slots
            FROM astronomer_allocation WHERE state <> 'completed' GROUP BY queue
        ), offered AS (
            SELECT queue, count(*) AS runners, sum(cpu_millis) AS cpu_millis,
                sum(memory_bytes) AS memory_bytes, sum(slots) AS slots
            FROM astronomer_runner, unnest(queues) AS queue
            WHERE state = 'active' AND lease_until > now() GROUP BY queue
        )
        SELECT * FROM asked FULL JOIN offered USING (queue) ORDER BY queue
        """,
    )
    return {
        queue.pop("queue"): {name: int(amount or 0) for name, amount in queue.items()}
        for queue in found
    }


def _of(shown: Any, runner: Dict[str, Any], name: str) -> str:
    return f"{shown(runner['reserved_' + name])} of {shown(runner[name])}"
