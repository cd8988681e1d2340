from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from astronomer.runtime.executor.isolation.ending_note import EVENT, note_ending
from astronomer.runtime.logging.conftest import Machine, eventually, make_run

REASON = "Ended by the runner for memory: the task asked for 100 MiB."


def events(task_id: str) -> Any:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.query(Log).filter_by(event=EVENT, task_id=task_id).all()
        return [(each.dag_id, each.execution_date is not None, each.extra) for each in found]


@pytest.fixture(autouse=True)
def no_events(airflow_database: Path) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(Log).filter_by(event=EVENT).delete()


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    return tmp_path / "logs"


def test_the_reason_stands_in_the_log_and_among_events(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "noted")
    note_ending("dag", "task", "noted", -1, 2, REASON)
    (log,) = logs.rglob("*2.log")
    line = log.read_text()
    # As the lines around it.
    assert line.startswith("[20") and "ERROR" in line and line.endswith(f"{REASON}\n")
    assert events("task") == [("dag", True, REASON)]


def test_it_is_added_to_what_the_task_has_written(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "added")
    for _ in range(2):
        note_ending("dag", "task", "added", -1, 1, REASON)
    (log,) = logs.rglob("*1.log")
    assert log.read_text().count(REASON) == 2


def test_a_task_that_has_been_removed_meanwhile_is_an_event(logs: Path) -> None:
    note_ending("gone", "gone", "gone", -1, 1, REASON)
    assert events("gone") == [("gone", False, REASON)]
    assert not logs.exists()


def test_a_log_that_cannot_be_written_leaves_the_event(
    tmp_path: Path, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, "def work(): pass", "unwritable")
    logs.write_text("A file where the folder should be.")
    note_ending("dag", "task", "unwritable", -1, 1, REASON)
    assert events("task") == [("dag", True, REASON)]
    assert "the log of dag.task cannot be written" in capsys.readouterr().err


def test_a_reason_with_signs_of_formats_is_written_as_it_is(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "signs")
    note_ending("dag", "task", "signs", -1, 1, "100 % of {memory} %s")
    (log,) = logs.rglob("*1.log")
    assert "100 % of {memory} %s" in log.read_text()


def test_a_shipped_log_has_it_where_it_is_shipped_to(machine: Callable[..., Machine]) -> None:
    one = machine("one")
    task = one.start_task("def work(): print('at work')", "shipped")
    task.wait(timeout=120)
    eventually(lambda: "at work" in one.read("shipped"))
    code = (
        "from astronomer.runtime.executor.isolation.ending_note import note_ending;"
        f"note_ending('dag', 'task', 'shipped', -1, 1, {REASON!r})"
    )
    subprocess.run([sys.executable, "-c", code], env=one.environ, check=True)
    for log in one.logs.rglob("*1.log"):
        os.unlink(log)
    eventually(lambda: REASON in one.read("shipped"))
