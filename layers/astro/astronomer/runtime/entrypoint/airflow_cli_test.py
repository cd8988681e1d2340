from __future__ import annotations

import pytest
from astronomer.runtime.entrypoint.airflow_cli import (
    Words,
    component_of,
    needs_broker,
    needs_database,
    needs_known_revision,
    words_of,
)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["scheduler", "--num-runs", "1"], ("scheduler",)),
        (["celery", "worker", "-q", "default"], ("celery", "worker")),
        (["dags", "trigger", "my_dag"], ("dags", "trigger")),
        (["$1"], ("$1",)),
        (["celery", "worker", "--help"], ()),
        (["scheduler", "-h"], ()),
        (["db"], ()),
        (["upgradedb"], ()),
        (["--help"], ()),
        ([], ()),
    ],
)
def test_words_are_those_of_a_command_that_airflow_would_run(
    arguments: list[str], words: Words
) -> None:
    assert words_of(arguments) == words


@pytest.mark.parametrize(
    "command", [("version",), ("config", "list"), ("providers", "list"), ("celery", "flower")]
)
def test_some_commands_run_without_a_database(command: Words) -> None:
    assert not needs_database(command)


@pytest.mark.parametrize(
    "command", [("webserver",), ("db", "check"), ("tasks", "run"), ("celery", "worker"), ("$@",)]
)
def test_other_commands_need_the_database(command: Words) -> None:
    assert needs_database(command)


def test_the_scheduler_workers_and_flower_need_the_broker() -> None:
    assert needs_broker(("scheduler",))
    assert needs_broker(("celery", "worker"))
    assert needs_broker(("celery", "flower"))
    assert not needs_broker(("webserver",))
    assert not needs_broker(("celery", "stop"))


@pytest.mark.parametrize(
    "command", [("scheduler",), ("celery", "worker"), ("standalone",), ("db", "upgrade")]
)
def test_components_and_migrations_are_kept_from_a_newer_database(command: Words) -> None:
    assert needs_known_revision(command)


@pytest.mark.parametrize("command", [("db", "shell"), ("db", "reset"), ("dags", "list"), ("$@",)])
def test_a_newer_database_can_still_be_looked_at_and_emptied(command: Words) -> None:
    assert not needs_known_revision(command)


@pytest.mark.parametrize(
    "command, component",
    [
        (("celery", "worker"), "celery worker"),
        (("scheduler",), "scheduler"),
        (("scheduler", "$1"), "scheduler"),
        (("dags", "list"), ""),
    ],
)
def test_a_component_is_named_by_its_words(command: Words, component: str) -> None:
    assert component_of(command) == component
