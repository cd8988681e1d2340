from __future__ import annotations

import pytest
from astronomer.runtime.concurrency.advice import Scheduling, advise
from astronomer.runtime.concurrency.resources import MIB, Resources
from astronomer.runtime.executors import TaskPlaces


def container(cpus: float, gib: float) -> Resources:
    return Resources(cpus, int(gib * 1024) * MIB, "test", "test")


ELSEWHERE = Scheduling(TaskPlaces(any_here=False, all_here=False), parses_apart=False)
HERE = Scheduling(TaskPlaces(any_here=True, all_here=True), parses_apart=False)
BOTH = Scheduling(TaskPlaces(any_here=True, all_here=False), parses_apart=False)


def values(
    component: str, cpus: float, gib: float, scheduling: Scheduling = ELSEWHERE
) -> "dict[str, int]":
    return {each.option: each.value for each in advise(component, container(cpus, gib), scheduling)}


@pytest.mark.parametrize(
    "cpus, gib, tasks",
    [(1, 2, 5), (2, 4, 10), (4, 2, 5), (0.5, 8, 2), (0.1, 0.25, 1), (64, 256, 64)],
)
def test_a_worker_runs_as_many_tasks_as_cpus_and_memory_allow(
    cpus: float, gib: float, tasks: int
) -> None:
    assert values("celery worker", cpus, gib) == {"worker_concurrency": tasks}


def test_a_scheduler_that_runs_tasks_is_bound_by_its_own_container() -> None:
    chosen = values("scheduler", 2, 2, HERE)
    assert chosen["parallelism"] == chosen["max_active_tasks_per_dag"] == 4
    assert chosen["default_pool_task_slot_count"] == 128


def test_a_scheduler_does_not_guess_the_size_of_workers_elsewhere() -> None:
    assert values("scheduler", 4, 8) == {"parsing_processes": 4}


def test_a_scheduler_that_also_starts_pods_bounds_none_of_them() -> None:
    # A quarter of the memory is left to those that read DAG files beside tasks.
    assert values("scheduler", 4, 2, BOTH) == {"parsing_processes": 2}


def test_a_scheduler_of_airflow_3_reads_no_dag_files() -> None:
    apart = ELSEWHERE._replace(parses_apart=True)
    assert values("scheduler", 4, 8, apart) == {}
    [advice] = advise("dag-processor", container(4, 8), apart)
    assert (advice.section, advice.option) == ("dag_processor", "parsing_processes")


def test_a_small_webserver_has_one_process_a_large_one_several() -> None:
    assert values("webserver", 1, 0.5)["workers"] == 1
    assert values("webserver", 2, 4)["workers"] == 4
    assert values("webserver", 32, 64)["workers"] == 8


def test_a_triggerer_has_nothing_to_choose() -> None:
    assert values("triggerer", 2, 4) == {}
