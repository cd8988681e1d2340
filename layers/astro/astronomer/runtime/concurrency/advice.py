"""Which values fit a component that has so many CPUs and so much memory.

docs/concurrency.md says what the rules are for the operator.
"""

from __future__ import annotations

from typing import List, NamedTuple

from astronomer.runtime.concurrency.resources import MIB, Resources
from astronomer.runtime.executors import TaskPlaces

TASKS_PER_CPU = 5
"""Tasks mostly wait for other services."""

TASK_MEMORY = 350 * MIB
"""A task's process with the code that it loads, as its share of the container's memory."""

WORKER_MEMORY = 256 * MIB
"""A Celery worker by itself."""

SCHEDULER_MEMORY = 512 * MIB
"""A scheduler with its DAG processors."""

WEB_WORKER_MEMORY = 350 * MIB
"""One of the webserver's processes, with the new one that replaces it for a moment."""

PARSER_MEMORY = 256 * MIB
"""A process that reads DAG files."""

POOL_SLOTS = 128
"""Airflow's own size of the default pool."""

MOST_TASKS = 64
"""More in one container, and the overhead of Airflow's own processes takes over."""


class Advice(NamedTuple):
    """A value for one option of Airflow's configuration."""

    section: str
    option: str
    value: int
    why: str


class Scheduling(NamedTuple):
    """What a scheduler's container does beside scheduling."""

    tasks: TaskPlaces
    """What it runs of them. Airflow bounds those that run elsewhere by the same options, and how
    large workers and pods are is not known here."""

    parses_apart: bool
    """Whether the DAG processor alone reads DAG files, as from Airflow 3."""


def advise(component: str, resources: Resources, scheduling: Scheduling) -> List[Advice]:
    """What to set for a component.

    Args:
        component: Words of its Airflow command, such as `celery worker`.
        resources: What its container may use.
        scheduling: What the executor and the release of Airflow make of a scheduler.

    Returns:
        An empty list for a component that has nothing to choose.
    """
    if component == "celery worker":
        count, why = _tasks(resources, WORKER_MEMORY)
        return [Advice("celery", "worker_concurrency", count, why)]
    if component == "webserver":
        return _webserver(resources)
    section = "dag_processor" if scheduling.parses_apart else "scheduler"
    if component == "dag-processor":
        return [_parsers(section, resources, resources.memory)]
    if component not in ("scheduler", "standalone"):
        return []
    chosen = _tasks_beside_scheduler(resources) if scheduling.tasks.all_here else []
    if component == "standalone" or not scheduling.parses_apart:
        share = 4 if scheduling.tasks.any_here else 1
        chosen.append(_parsers(section, resources, resources.memory // share))
    return chosen


def _tasks_beside_scheduler(resources: Resources) -> List[Advice]:
    count, why = _tasks(resources, SCHEDULER_MEMORY)
    return [
        Advice("core", "parallelism", count, f"tasks run in this container: {why}"),
        Advice(
            "core",
            "max_active_tasks_per_dag",
            count,
            "one DAG may use all that can run at once",
        ),
        Advice(
            "core",
            "default_pool_task_slot_count",
            max(count, POOL_SLOTS),
            "the default pool never holds back what could run; read when the database is made",
        ),
    ]


def _webserver(resources: Resources) -> List[Advice]:
    by_cpu = max(2, round(2 * resources.cpus))
    by_memory = resources.memory // WEB_WORKER_MEMORY
    count = _within(min(by_cpu, by_memory), 1, 8)
    why = (
        f"2 for each of {resources.cpus:g} CPUs, at least 2, at most"
        f" {by_memory} by {_mib(resources.memory)} of memory"
    )
    pool = "each process answers one request at a time, and so needs few connections"
    return [
        Advice("webserver", "workers", count, why),
        Advice("database", "sql_alchemy_pool_size", 2, pool),
        Advice("database", "sql_alchemy_max_overflow", 3, pool),
    ]


def _parsers(section: str, resources: Resources, memory: int) -> Advice:
    count = _within(min(round(resources.cpus), memory // PARSER_MEMORY), 1, 8)
    return Advice(
        section,
        "parsing_processes",
        count,
        f"one for each of {resources.cpus:g} CPUs, as far as {_mib(memory)} of memory allow",
    )


def _tasks(resources: Resources, reserved: int) -> "tuple[int, str]":
    by_cpu = max(1, int(TASKS_PER_CPU * resources.cpus))
    by_memory = max(0, resources.memory - reserved) // TASK_MEMORY
    count = _within(min(by_cpu, by_memory), 1, MOST_TASKS)
    why = (
        f"{by_cpu} by {resources.cpus:g} CPUs ({resources.cpus_from}),"
        f" {by_memory} by {_mib(resources.memory)} of memory ({resources.memory_from})"
    )
    return count, why


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


def _mib(size: int) -> str:
    return f"{size // MIB} MiB"
