from __future__ import annotations

import json
from typing import Any, Tuple

import pytest
from astronomer.runtime.cli import main
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.testing.allocations import Sql, add_runner, queue_task


@pytest.fixture
def of_deployment(deployment: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", deployment.url)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Tuple[int, str, str]:
    code = main(["executor", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.usefixtures("of_deployment")
def test_status_says_what_waits_and_what_runners_have(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = add_runner(sql, "mine")
    runs = queue_task(sql, "runs", cpu_millis=1500, memory_bytes=2**30, slots=2)
    sql("UPDATE astronomer_allocation SET state='running', runner_id=%s, started_at=now()", runner)
    queue_task(sql, "waits", queue="etl")
    code, out, _ = run(capsys, "status", "--json")
    found: Any = json.loads(out)
    assert code == 0
    (one,) = found["runners"]
    assert (one["name"], one["is_alive"], one["slots"], one["reserved_slots"]) == (
        *("mine", True),
        *(16, 2),
    )
    assert (one["reserved_cpu_millis"], one["reserved_memory_bytes"]) == (1500, 2**30)
    assert [task["task_id"] for task in one["tasks"]] == ["runs"]
    assert [(task["task_id"], task["reason"]) for task in found["waiting"]] == [
        ("waits", "It waits for room.")
    ]
    assert found["queues"]["etl"]["waiting_tasks"] == 1
    # Nobody serves the other queue.
    assert (found["queues"]["etl"]["runners"], found["queues"]["etl"]["slots"]) == (0, 0)
    default = found["queues"]["default"]
    assert (default["reserved_slots"], default["waiting_tasks"]) == (2, 0)
    assert (default["runners"], default["slots"], default["cpu_millis"]) == (1, 16, 4000)
    code, out, _ = run(capsys, "status")
    assert "1.5 CPUs of 4 CPUs" in out and "dag.waits" in out
    assert runs


@pytest.mark.usefixtures("of_deployment")
def test_drop_removes_the_tables_unless_they_are_in_use(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    add_runner(sql)
    code, _, err = run(capsys, "drop")
    assert code == 1 and "1 runners live and 0 tasks wait" in err
    sql("DELETE FROM astronomer_runner")
    assert run(capsys, "drop")[0] == 0
    assert sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'astronomer%'") == [(0,)]
    assert run(capsys, "drop")[0] == 0
    assert run(capsys, "status")[0] == 1
    assert run(capsys, "migrate")[0] == 0
    assert run(capsys, "status")[:2] == (0, "No runner.\n\nNothing waits.\n")


def test_another_database_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////tmp/a.db")
    code, _, err = run(capsys, "status")
    assert code == 78 and "works with PostgreSQL alone" in err


def test_a_database_that_is_away_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    url = f"postgresql://airflow:secret@127.0.0.1:{free_port}/airflow"
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    code, _, err = run(capsys, "status")
    assert code == 1 and "cannot be used (OperationalError)" in err and "secret" not in err
