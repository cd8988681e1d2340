from __future__ import annotations

from typing import Dict

import pytest
from astronomer.runtime.entrypoint.command import understand
from astronomer.runtime.entrypoint.runtime_executor import choose_executor
from astronomer.runtime.entrypoint.settings import uses_celery
from astronomer.runtime.errors import ConfigurationError

URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
OURS = "astronomer.runtime.executor.airflow_executor.RuntimeExecutor"
POSTGRES = "postgresql+psycopg2://airflow@postgres/airflow"


def chosen(value: str, url: str = POSTGRES, *arguments: str) -> Dict[str, str]:
    """The environment that the command gets."""
    environ = {"ASTRONOMER_RUNTIME_EXECUTOR": value, URL: url, EXECUTOR: "CeleryExecutor"}
    choose_executor(understand(arguments or ("scheduler",)).airflow, environ, URL)
    return environ


@pytest.mark.parametrize("value", ["True", "true", "1"])
@pytest.mark.parametrize("command", ["scheduler", "webserver", "version", "triggerer"])
def test_true_names_our_executor_for_every_component(value: str, command: str) -> None:
    environ = chosen(value, POSTGRES, command)
    assert environ[EXECUTOR] == OURS
    # So that nobody waits for a broker.
    assert not uses_celery(environ)


@pytest.mark.parametrize("value", ["False", "false", "0", "", " "])
def test_false_leaves_everything_as_it_is(value: str) -> None:
    assert chosen(value, "sqlite:////a.db")[EXECUTOR] == "CeleryExecutor"


def test_anything_else_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is 'perhaps'; set it to True or False"):
        chosen("perhaps")


@pytest.mark.parametrize("url", ["sqlite:////a.db", "mysql://airflow@mysql/airflow"])
def test_another_database_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{URL} names another database than PostgreSQL"):
        chosen("True", url)
    assert chosen("True", url, "version")[EXECUTOR] == OURS


@pytest.mark.parametrize("word", ["astronomer-runtime", "/usr/local/bin/astronomer-runtime"])
def test_a_runner_is_a_component_that_needs_the_database_alone(word: str) -> None:
    from astronomer.runtime.entrypoint.airflow_cli import (
        component_of,
        needs_broker,
        needs_database,
        needs_known_revision,
    )

    (command,) = understand((word, "runner", "--queues", "a,b")).airflow
    assert component_of(command) == "runner"
    assert needs_database(command) and needs_known_revision(command)
    assert not needs_broker(command)
    assert understand((word, "config")).airflow == ()
