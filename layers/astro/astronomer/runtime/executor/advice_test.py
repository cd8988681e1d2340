from __future__ import annotations

import json
from typing import Any, List

import pytest
from astronomer.runtime.cli import main
from astronomer.runtime.executor import requests
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.testing.allocations import Sql, add_peak

MIB = 1024**2


@pytest.fixture(autouse=True)
def of_deployment(deployment: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", deployment.url)


def advise(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["executor", "advise", *arguments]) == 0
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str]) -> List[Any]:
    found: List[Any] = json.loads(advise(capsys, "--json"))
    return found


def test_the_advice_is_a_high_percentile_and_a_margin(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    # One run in two hundred is far above the others, and half a core was used by most.
    for number in range(200):
        peak = 4000 * MIB if number == 7 else (100 + number % 101) * MIB
        cpu = 40.0 if number % 40 == 7 else 5.0
        add_peak(sql, number, "work", peak, cpu, 10, memory_bytes=1024 * MIB, cpu_millis=2000)
    (task,) = as_json(capsys)
    assert (task["dag_id"], task["task_id"], task["runs"]) == ("dag", "work", 200)
    assert task["used_memory_bytes"] == 199 * MIB
    # 199 MiB and a fifth are 238.8, and the next multiple of 32 is 256.
    assert task["advised_memory_bytes"] == 256 * MIB
    assert task["saved_memory_bytes"] == (1024 - 256) * MIB
    assert (task["used_cpu_millis"], task["advised_cpu_millis"]) == (500, 550)
    assert task["saved_cpu_millis"] == 1450


def test_what_a_task_asks_now_is_what_its_last_run_asked(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    add_peak(sql, 2, "lowered", 100 * MIB, memory_bytes=200 * MIB)
    add_peak(sql, 1, "lowered", 100 * MIB, memory_bytes=900 * MIB)
    add_peak(sql, 3, "asks-nothing", 100 * MIB)
    add_peak(sql, 4, "too-little", 300 * MIB, memory_bytes=300 * MIB)
    found = {task["task_id"]: task for task in as_json(capsys)}
    assert found["lowered"]["asked_memory_bytes"] == 200 * MIB
    assert found["asks-nothing"]["saved_memory_bytes"] is None
    # A run that was ended at its limit has the limit as its peak; the margin raises it.
    assert found["too-little"]["advised_memory_bytes"] == 384 * MIB
    assert found["too-little"]["saved_memory_bytes"] == -84 * MIB
    assert list(found) == ["lowered", "asks-nothing", "too-little"]


def test_runs_that_were_not_measured_do_not_count(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    add_peak(sql, 1, "killed-at-its-start", 0, 0.0)
    assert as_json(capsys) == []
    assert advise(capsys) == "No run was measured.\n"
    assert advise(capsys, "--lines") == "\n"


def test_a_run_that_ends_at_once_asks_for_no_more_cpu_than_it_used(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    add_peak(sql, 1, cpu_seconds=0.2, wall_seconds=0.0)
    (task,) = as_json(capsys)
    assert (task["used_cpu_millis"], task["advised_cpu_millis"]) == (200, 250)


def test_the_lines_are_requests_that_tasks_can_make(
    sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    add_peak(sql, 1, "one", 100 * MIB)
    add_peak(sql, 2, "two\nimport os", 1, 0.0)
    lines = advise(capsys, "--lines")
    made = eval(f"[{lines.replace('resources=', '')}]")
    assert [requests.checked(each) for each in made] == [
        {"cpu": 1100, "memory": 128 * MIB},
        {"cpu": 50, "memory": 32 * MIB},
    ]
    assert "# dag.one: 1 runs\n" in lines
    assert "# dag.two import os: 1 runs\n" in lines


def test_the_table_says_what_is_saved(sql: Sql, capsys: pytest.CaptureFixture[str]) -> None:
    add_peak(sql, 1, "one", 100 * MIB, memory_bytes=1024 * MIB)
    words = advise(capsys).splitlines()[1].split("  ")
    assert [word.strip() for word in words if word] == [
        *("dag.one", "1", "100 MiB", "1024 MiB", "128 MiB", "896 MiB"),
        *("1 CPU", "nothing", "1.1 CPUs"),
    ]


def test_one_form_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["executor", "advise", "--json", "--lines"])
    assert "not allowed with" in capsys.readouterr().err
