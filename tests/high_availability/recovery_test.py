from __future__ import annotations

from tests.high_availability.deployment import Death
from tests.high_availability.recovery import recoveries, summary
from tests.high_availability.work import Execution, executions, overlaps

WORKER = Death("SIGKILL", ("worker-1",), 100.0)
POSTGRES = Death("SIGKILL", ("postgres",), 200.0)


def test_an_execution_without_an_end_was_killed() -> None:
    records = ["START a worker-1 7 1.0", "START a worker-2 7 5.0", "END a worker-2 7 8.0"]
    assert executions(records) == {
        "a": [Execution("worker-1", 1.0, None), Execution("worker-2", 5.0, 8.0)]
    }


def test_the_same_process_id_in_two_containers_is_two_executions() -> None:
    records = [
        "START a worker-1 7 1.0",
        "START a worker-2 7 2.0",
        "END a worker-1 7 3.0",
        "END a worker-2 7 4.0",
    ]
    assert overlaps(executions(records)) == ["a"]


def test_the_same_process_id_in_a_container_that_is_there_again_is_two_executions() -> None:
    records = ["START a worker-1 7 1.0", "START a worker-1 7 70.0", "END a worker-1 7 73.0"]
    runs = executions(records)
    assert runs == {"a": [Execution("worker-1", 1.0, None), Execution("worker-1", 70.0, 73.0)]}
    assert overlaps(runs) == []


def test_a_task_s_recovery_is_counted_from_the_death_of_its_worker() -> None:
    runs = {
        "a": [Execution("worker-1", 90, None), Execution("worker-2", 160, 165)],
        "b": [Execution("worker-2", 99, 103)],
    }
    (found,) = recoveries([WORKER], runs)
    assert found.interrupted == [60]
    assert found.pause == 60


def test_what_ran_again_on_a_living_worker_is_the_database_s_doing() -> None:
    runs = {"a": [Execution("worker-2", 190, 201), Execution("worker-2", 230, 235)]}
    first, second = recoveries([WORKER, POSTGRES], runs)
    assert (first.interrupted, second.interrupted) == ([], [30])
    assert summary([first, second])["interrupted_median_seconds"] == 30
