"""What tasks should ask for, by what they used: the same for people and programs."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence

from astronomer.runtime.executor.quantities import shown_cpu, shown_memory
from astronomer.runtime.executor.rows import rows
from astronomer.runtime.executor.text_table import text_table

MEMORY_PERCENTILE = 0.99
"""Of the peaks of a task's runs. A run above its memory is ended."""

MEMORY_MARGIN = 0.2
"""Added to it."""

CPU_PERCENTILE = 0.95
"""Of the cores that a task's runs used on average. A run above its CPU is slower."""

CPU_MARGIN = 0.1
"""Added to it."""

_MEMORY_STEP = 32 * 1024**2
_CPU_STEP_MILLIS = 50

# A run that ends at once used its CPU for starting.
_SHORTEST_SECONDS = 1.0


def read(connection: Any) -> List[Dict[str, Any]]:
    """Advice for each task with measured runs, those that save the most memory first.

    Args:
        connection: To a database with the executor's tables.

    Returns:
        For each task `dag_id`, `task_id`, the number of `runs`, and of `cpu_millis` and
        `memory_bytes` what was `used_...`, what the task `asked_...` for at its last run (0 for
        nothing), what is `advised_...`, and what is `saved_...` by it: below 0 where the task
        should ask for more, None where it asks for nothing.
    """
    with connection.cursor() as cursor:
        found = rows(
            cursor,
            """
            SELECT dag_id, task_id, count(*) AS runs,
                percentile_disc(%s) WITHIN GROUP (ORDER BY peak_memory_bytes) AS used_memory_bytes,
                1000 * percentile_disc(%s) WITHIN GROUP (
                    ORDER BY cpu_seconds / greatest(wall_seconds, %s)
                ) AS used_cpu_millis,
                (array_agg(memory_bytes ORDER BY allocation_id DESC))[1] AS asked_memory_bytes,
                (array_agg(cpu_millis ORDER BY allocation_id DESC))[1] AS asked_cpu_millis
            FROM astronomer_task_peak WHERE peak_memory_bytes > 0
            GROUP BY dag_id, task_id ORDER BY dag_id, task_id
            """,
            (MEMORY_PERCENTILE, CPU_PERCENTILE, _SHORTEST_SECONDS),
        )
    for task in found:
        memory = task["used_memory_bytes"] * (1 + MEMORY_MARGIN)
        cpu = task["used_cpu_millis"] * (1 + CPU_MARGIN)
        task["used_cpu_millis"] = round(task["used_cpu_millis"])
        task["advised_memory_bytes"] = _rounded_up(memory, _MEMORY_STEP)
        task["advised_cpu_millis"] = _rounded_up(cpu, _CPU_STEP_MILLIS)
        for name in ("memory_bytes", "cpu_millis"):
            asked = task[f"asked_{name}"]
            task[f"saved_{name}"] = asked - task[f"advised_{name}"] if asked else None
    return sorted(found, key=lambda task: -(task["saved_memory_bytes"] or 0))


def as_text(advice: Sequence[Dict[str, Any]]) -> str:
    """The same as a table."""
    if not advice:
        return "No run was measured."
    heads = (
        *("task", "runs", "used memory", "asks", "should ask", "saves"),
        *("used CPU", "asks", "should ask", "saves"),
    )
    found = []
    for task in advice:
        cells = [_name(task), str(task["runs"])]
        for name, shown in (("memory_bytes", shown_memory), ("cpu_millis", shown_cpu)):
            saved = task[f"saved_{name}"]
            cells += [
                shown(task[f"used_{name}"]),
                shown(task[f"asked_{name}"]) if task[f"asked_{name}"] else "nothing",
                shown(task[f"advised_{name}"]),
                "" if saved is None else shown(saved),
            ]
        found.append(cells)
    return text_table([heads, *found])


def as_lines(advice: Sequence[Dict[str, Any]]) -> str:
    """The same as arguments of operators, each below a comment that names its task."""
    return "\n".join(
        f"# {_name(task)}: {task['runs']} runs\n"
        f'resources={{"cpu": "{task["advised_cpu_millis"]}m",'
        f' "memory": "{task["advised_memory_bytes"] // 1024**2}Mi"}},'
        for task in advice
    )


def _name(task: Dict[str, Any]) -> str:
    # On one line, whatever stands in the table.
    return " ".join(f"{task['dag_id']}.{task['task_id']}".split())


def _rounded_up(amount: float, step: int) -> int:
    return max(1, math.ceil(amount / step)) * step
