from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
from astronomer.runtime.executor.log_notes import WRITER, LogNote, NoteWriters
from astronomer.runtime.logging.conftest import Machine, eventually, make_run

REASON = "Ended by the runner for memory: the task asked for 100 MiB."


def note(run_id: str, try_number: int = 1, text: str = REASON, task_id: str = "task") -> LogNote:
    return LogNote("dag", task_id, run_id, -1, try_number, text)


def write(*notes: LogNote) -> int:
    from astronomer.runtime.executor.log_note_writer import write_all

    return write_all(each.as_line() for each in notes)


@pytest.fixture
def logs(tmp_path: Path, airflow_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    return tmp_path / "logs"


def test_the_reason_stands_in_the_log(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "noted")
    assert write(note("noted", try_number=2)) == 0
    (log,) = logs.rglob("*2.log")
    line = log.read_text()
    # As the lines around it.
    assert line.startswith("[20") and "ERROR" in line and line.endswith(f"{REASON}\n")


def test_it_is_added_to_what_the_task_has_written(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "added")
    for _ in range(2):
        write(note("added"))
    (log,) = logs.rglob("*1.log")
    assert log.read_text().count(REASON) == 2


def test_a_task_that_has_been_removed_meanwhile_has_no_log(logs: Path) -> None:
    assert write(note("gone", task_id="gone")) == 0
    assert not logs.exists()


def test_a_log_that_cannot_be_written_costs_the_others_nothing(
    tmp_path: Path, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, "def work(): pass", "unwritable")
    make_run(tmp_path, "def work(): pass", "writable")
    write(note("unwritable"))
    (log,) = logs.rglob("*1.log")
    log.unlink()
    log.mkdir()
    assert write(note("unwritable"), note("writable", text="the second")) == 1
    assert "the log of dag.task cannot be written" in capsys.readouterr().err
    assert (
        sum("the second" in log.read_text() for log in logs.rglob("*1.log") if log.is_file()) == 1
    )


def test_a_reason_with_signs_of_formats_is_written_as_it_is(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "signs")
    write(note("signs", text="100 % of {memory} %s"))
    (log,) = logs.rglob("*1.log")
    assert "100 % of {memory} %s" in log.read_text()


def test_a_shipped_log_has_it_where_it_is_shipped_to(machine: Callable[..., Machine]) -> None:
    one = machine("one")
    task = one.start_task("def work(): print('at work')", "shipped")
    task.wait(timeout=120)
    eventually(lambda: "at work" in one.read("shipped"))
    command = [sys.executable, "-m", *note("shipped").as_command()]
    subprocess.run(command, env=one.environ, check=True)
    for log in one.logs.rglob("*1.log"):
        os.unlink(log)
    eventually(lambda: REASON in one.read("shipped"))


def test_the_log_of_a_task_that_has_not_begun_is_shipped(machine: Callable[..., Machine]) -> None:
    one, two = machine("one"), machine("two")
    make_run(one.home / "dags", "def work(): print('at work')", "waiting")
    command = [sys.executable, "-m", *note("waiting").as_command()]
    subprocess.run(command, env=one.environ, check=True)
    # Which has the store alone.
    eventually(lambda: REASON in two.read("waiting"))
    one.start_again("waiting").wait(timeout=120)
    eventually(lambda: "at work" in two.read("waiting"))
    assert two.read("waiting").count(REASON) == 1


def test_a_program_beside_this_process_writes_all_that_waits(tmp_path: Path, logs: Path) -> None:
    make_run(tmp_path, "def work(): pass", "beside")
    writers = NoteWriters()
    for number in range(3):
        writers.add(note("beside", text=f"sentence {number}"))
        writers.work()

    def has_all() -> bool:
        writers.work()
        text = "".join(log.read_text() for log in logs.rglob("*1.log"))
        return all(text.count(f"sentence {number}") == 1 for number in range(3))

    eventually(has_all)
    writers.close()


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/none/airflow.db",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/none/airflow.db",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-m", WRITER, note("nowhere").as_line()],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 1
    assert "does not say where the logs of tasks are (OperationalError)" in done.stderr
    assert "Traceback" not in done.stderr
