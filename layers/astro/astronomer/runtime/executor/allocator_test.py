from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator, List

import pytest
from astronomer.runtime.executor import channels
from astronomer.runtime.executor.allocator import DECISION_LOCK, Allocator, strategy
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.executor.packing import Strategy
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.options import InvalidOption
from astronomer.runtime.testing.allocations import Sql, add_runner, queue_task
from astronomer.runtime.testing.postgres import PostgresServer


@pytest.fixture
def allocator(deployment: Database) -> Iterator[Allocator]:
    with deployment.connected() as connection:
        yield Allocator(connection, Strategy.MAX_PACKING)


def state(sql: Sql, number: int) -> Any:
    return sql("SELECT state, runner_id, reason FROM astronomer_allocation WHERE id=%s", number)[0]


def test_a_task_goes_to_the_runner_with_room_which_hears_of_it(
    sql: Sql, allocator: Allocator, deployment: Database
) -> None:
    full, free = add_runner(sql, "full", slots=1), add_runner(sql, "free")
    first = queue_task(sql, "first", slots=1)
    sql("UPDATE astronomer_allocation SET state='running', runner_id=%s WHERE id=%s", full, first)
    with deployment.connected() as listener:
        channels.listen(listener, channels.runner(free))
        second = queue_task(sql, "second", cpu_millis=1000, memory_bytes=2**30)
        assert allocator.pass_once() == 1
        assert select.select([listener], [], [], 10)[0]
    assert state(sql, second) == ("assigned", free, "")
    assert allocator.pass_once() == 0


def test_what_has_no_place_says_why_until_it_has(sql: Sql, allocator: Allocator) -> None:
    task = queue_task(sql, queue="gpu")
    allocator.pass_once()
    assert state(sql, task) == ("unassigned", None, "No runner serves queue 'gpu'.")
    runner = add_runner(sql, queues=["gpu"])
    allocator.pass_once()
    assert state(sql, task) == ("assigned", runner, "")


def test_a_try_that_runs_is_not_started_a_second_time(sql: Sql, allocator: Allocator) -> None:
    runner = add_runner(sql)
    task = queue_task(sql)
    allocator.pass_once()
    sql("UPDATE astronomer_allocation SET state='running'")
    # As when a task was deferred, and is queued again before its process has ended.
    sql(
        "INSERT INTO astronomer_allocation (dag_id, run_id, task_id, map_index, try_number, owner,"
        " command, queue, priority, cpu_millis, memory_bytes, slots)"
        " SELECT dag_id, run_id, task_id, map_index, try_number, owner, command, queue, priority,"
        " cpu_millis, memory_bytes, slots FROM astronomer_allocation"
    )
    assert allocator.pass_once() == 0
    sql("UPDATE astronomer_allocation SET state='completed', succeeded=true WHERE id=%s", task)
    assert allocator.pass_once() == 1
    assert state(sql, task + 1)[:2] == ("assigned", runner)


def test_what_had_not_begun_on_a_lost_runner_goes_to_another(
    sql: Sql, allocator: Allocator
) -> None:
    lost = add_runner(sql, "lost")
    claimed, assigned = queue_task(sql, "claimed"), queue_task(sql, "assigned")
    allocator.pass_once()
    # Its runner took it, and died before Airflow began.
    sql("UPDATE astronomer_allocation SET state='running' WHERE id=%s", claimed)
    sql("UPDATE astronomer_runner SET lease_until=now() - interval '1 millisecond'")
    other = add_runner(sql, "other")
    allocator.pass_once()
    assert state(sql, claimed) == ("assigned", other, "")
    assert state(sql, assigned) == ("assigned", other, "")
    assert sql("SELECT state FROM astronomer_runner WHERE id=%s", lost) == [("ended",)]


def test_what_had_begun_on_a_lost_runner_is_reported_to_airflow_with_the_reason(
    sql: Sql, allocator: Allocator
) -> None:
    add_runner(sql, "lost")
    task = queue_task(sql)
    allocator.pass_once()
    sql("UPDATE astronomer_allocation SET state='running'")
    (job,) = sql(
        "INSERT INTO job (job_type, state) VALUES ('LocalTaskJob', 'running') RETURNING id"
    )
    sql("UPDATE task_instance SET state='running', try_number=1, job_id=%s", job[0])
    sql("UPDATE astronomer_runner SET lease_until=now() - interval '1 millisecond'")
    allocator.pass_once()
    reason = "Its runner lost ended: it did not renew its lease."
    assert state(sql, task)[::2] == ("completed", reason)
    # What Airflow looks for every ten seconds; the task's own state is Airflow's to change.
    assert sql("SELECT state FROM job") == [("failed",)]
    assert sql("SELECT state FROM task_instance") == [("running",)]
    assert sql("SELECT task_id, event, extra FROM log WHERE owner='astronomer-runtime'") == [
        ("work", "runner ended", reason)
    ]


def test_a_task_that_airflow_took_back_is_not_started(sql: Sql, allocator: Allocator) -> None:
    task = queue_task(sql, ti_state="failed")
    sql("UPDATE astronomer_allocation SET queued_at = now() - interval '1 minute'")
    add_runner(sql)
    assert allocator.pass_once() == 0
    assert state(sql, task)[0] == "completed"


def test_what_is_old_is_removed(sql: Sql, allocator: Allocator) -> None:
    runner = add_runner(sql)
    queue_task(sql)
    allocator.pass_once()
    sql(
        "UPDATE astronomer_allocation SET state='completed', succeeded=true, reported=true,"
        " ended_at=now() - interval '2 hours'"
    )
    sql(
        "UPDATE astronomer_runner SET state='ended', ended_at=now() - interval '2 hours'"
        " WHERE id=%s",
        runner,
    )
    with allocator._connection.cursor() as cursor:
        from astronomer.runtime.executor.allocator import remove_what_is_old

        remove_what_is_old(cursor)
    assert sql("SELECT count(*) FROM astronomer_allocation") == [(0,)]
    assert sql("SELECT count(*) FROM astronomer_runner") == [(0,)]


Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(deployment: Database) -> Iterator[Start]:
    """Starts an allocator's process, as a scheduler does."""
    made: List["subprocess.Popen[bytes]"] = []

    def begin() -> "subprocess.Popen[bytes]":
        environ: Dict[str, str] = {
            **os.environ,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": deployment.url,
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "astronomer.runtime.executor.allocator"],
            env=environ,
            stdin=subprocess.PIPE,
            preexec_fn=end_with_parent,
        )
        made.append(process)
        return process

    yield begin
    for each in made:
        each.kill()
        each.wait()
        assert each.stdin
        each.stdin.close()


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def holder(sql: Sql) -> List[int]:
    """Backends that hold the lock."""
    found = sql(
        "SELECT pid FROM pg_locks WHERE locktype='advisory' AND granted AND objid=%s"
        " AND database=(SELECT oid FROM pg_database WHERE datname=current_database())",
        DECISION_LOCK & 0xFFFFFFFF,
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_one_decides_and_another_takes_over(sql: Sql, start: Start, how: int) -> None:
    add_runner(sql)
    first = start()
    wait_for(lambda: holder(sql))
    held_by = holder(sql)
    second = start()
    task = queue_task(sql, "first")
    wait_for(lambda: state(sql, task)[0] == "assigned")
    wait_for(lambda: sql("SELECT 1 FROM pg_locks WHERE locktype='advisory' AND NOT granted"))
    assert holder(sql) == held_by
    first.send_signal(how)
    after = queue_task(sql, "second")
    wait_for(lambda: state(sql, after)[0] == "assigned")
    assert holder(sql) != held_by
    # The one that was stopped goes on without a word: it waits its turn.
    first.send_signal(signal.SIGCONT)
    last = queue_task(sql, "third")
    wait_for(lambda: state(sql, last)[0] == "assigned")
    assert second.poll() is None


def test_it_ends_with_its_scheduler(start: Start) -> None:
    process = start()
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) == 0


def test_it_outlives_the_database(
    sql: Sql, start: Start, postgres: PostgresServer, deployment: Database
) -> None:
    process = start()
    wait_for(lambda: holder(sql))
    (pid,) = holder(sql)
    sql("SELECT pg_terminate_backend(%s)", pid)
    wait_for(lambda: holder(sql) not in ([], [pid]))
    assert process.poll() is None


def test_the_strategy_is_the_option_s_or_the_variable_s() -> None:
    assert strategy({}) is Strategy.MAX_PACKING
    assert strategy({"ALLOCATOR_STRATEGY": "EvenSpreadStrategy"}) is Strategy.EVEN_SPREAD
    option = {"AIRFLOW__ASTRONOMER__ALLOCATOR_STRATEGY": "EvenSpreadStrategy"}
    assert strategy(option) is Strategy.EVEN_SPREAD
    with pytest.raises(InvalidOption, match="set it to MaxPackingStrategy or EvenSpreadStrategy"):
        strategy({"ALLOCATOR_STRATEGY": "Random"})
