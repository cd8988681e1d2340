from __future__ import annotations

import pytest
from astronomer.runtime.entrypoint.command import is_on_path, understand


def nothing_is_on_the_path(name: str) -> bool:
    return False


def everything_is_on_the_path(name: str) -> bool:
    return True


def test_without_arguments_airflow_shows_its_help() -> None:
    assert understand([], nothing_is_on_the_path).argv == ("airflow", "--help")


@pytest.mark.parametrize(
    "line", ["webserver", "scheduler", "celery worker", "triggerer", "db upgrade", "dags list"]
)
def test_airflow_may_be_left_out(line: str) -> None:
    command = understand(line.split(), nothing_is_on_the_path)

    in_full = understand(["airflow", *line.split()], nothing_is_on_the_path)
    assert (command.argv, command.airflow) == (in_full.argv, in_full.airflow)
    assert command.argv == ("airflow", *line.split())
    assert command.airflow == (tuple(line.split()),)


@pytest.mark.parametrize("line", ["python -V", "pytest tests", "bash -c true", "ls", "flower"])
def test_anything_else_is_executed_as_it_is(line: str) -> None:
    command = understand(line.split(), nothing_is_on_the_path)

    assert command.argv == tuple(line.split())
    assert command.airflow == ()


def test_a_program_of_the_same_name_wins_over_a_command_but_not_over_a_group() -> None:
    assert understand(["info"], everything_is_on_the_path).argv == ("info",)
    assert understand(["users", "list"], everything_is_on_the_path).argv[0] == "airflow"


def test_celery_with_options_of_its_own_is_celery_itself() -> None:
    line = ["celery", "--app", "airflow.executors.celery_executor.app", "inspect", "ping"]

    assert understand(line, everything_is_on_the_path).argv == tuple(line)


def test_airflow_is_seen_behind_python_and_shells() -> None:
    assert understand(["python3", "-m", "airflow", "scheduler"]).airflow == (("scheduler",),)
    assert understand(["/bin/bash", "-c", "airflow scheduler"]).airflow == (("scheduler",),)
    assert understand(["/usr/local/bin/airflow", "scheduler"]).airflow == (("scheduler",),)


def test_programs_are_looked_up_on_the_path() -> None:
    assert is_on_path("sh")
    assert not is_on_path("no-such-program")
