from __future__ import annotations

import pytest
from astronomer.runtime.concurrency.advice import advise
from astronomer.runtime.concurrency.resources import MIB, Resources


def container(cpus: float, gib: float) -> Resources:
    return Resources(cpus, int(gib * 1024) * MIB, "test", "test")


def values(component: str, cpus: float, gib: float, tasks_here: bool = False) -> "dict[str, int]":
    return {
        each.option: each.value
        for each in advise(component, container(cpus, gib), tasks_here=tasks_here)
    }


@pytest.mark.parametrize(
    "cpus, gib, tasks",
    [(1, 2, 5), (2, 4, 10), (4, 2, 5), (0.5, 8, 2), (0.1, 0.25, 1), (64, 256, 64)],
)
def test_a_worker_runs_as_many_tasks_as_cpus_and_memory_allow(
    cpus: float, gib: float, tasks: int
) -> None:
    assert values("celery worker", cpus, gib) == {"worker_concurrency": tasks}


def test_a_scheduler_that_runs_tasks_is_bound_by_its_own_container() -> None:
    chosen = values("scheduler", 2, 2, tasks_here=True)
    assert chosen["parallelism"] == chosen["max_active_tasks_per_dag"] == 4
    assert chosen["default_pool_task_slot_count"] == 128


def test_a_scheduler_does_not_guess_the_size_of_workers_elsewhere() -> None:
    assert values("scheduler", 4, 8) == {"parsing_processes": 4}


def test_a_small_webserver_has_one_process_a_large_one_several() -> None:
    assert values("webserver", 1, 0.5)["workers"] == 1
    assert values("webserver", 2, 4)["workers"] == 4
    assert values("webserver", 32, 64)["workers"] == 8


def test_a_triggerer_has_nothing_to_choose() -> None:
    assert values("triggerer", 2, 4) == {}
