from __future__ import annotations

import pytest
from astronomer.runtime.entrypoint.settings import (
    NEW_CONNECTION,
    OLD_CONNECTION,
    WAIT_TIMEOUT,
    read,
    share_connection,
    uses_celery,
    wait_timeout,
)
from astronomer.runtime.errors import ConfigurationError


@pytest.mark.parametrize("form", ["", "_CMD", "_SECRET"])
@pytest.mark.parametrize("name", [NEW_CONNECTION, OLD_CONNECTION])
def test_a_connection_under_one_name_is_found_under_both(name: str, form: str) -> None:
    environ = {name + form: "x"}

    assert share_connection(environ) == name
    assert environ == {NEW_CONNECTION + form: "x", OLD_CONNECTION + form: "x"}


def test_the_newer_name_wins_in_whatever_form() -> None:
    environ = {NEW_CONNECTION + "_CMD": "new", OLD_CONNECTION: "old"}

    assert share_connection(environ) == NEW_CONNECTION
    assert environ == {NEW_CONNECTION + "_CMD": "new", OLD_CONNECTION + "_CMD": "new"}


def test_an_empty_connection_counts_as_unset() -> None:
    environ = {NEW_CONNECTION: "", OLD_CONNECTION: "old"}

    assert share_connection(environ) == OLD_CONNECTION
    assert environ == {NEW_CONNECTION: "old", OLD_CONNECTION: "old"}


def test_an_environment_without_a_connection_is_left_alone() -> None:
    environ = {"PATH": "/bin"}

    share_connection(environ)

    assert environ == {"PATH": "/bin"}


def test_a_value_is_expanded_as_airflow_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_HOST", "$REAL_HOST")
    monkeypatch.setenv("REAL_HOST", "db")

    setting = read({"X": "postgresql://$DB_HOST/airflow"}, "X")

    assert setting and (setting.variable, setting.value) == ("X", "postgresql://db/airflow")


def test_a_value_may_come_from_a_command() -> None:
    setting = read({"X_CMD": "echo 'redis://a b'"}, "X")

    assert setting and (setting.variable, setting.value) == ("X_CMD", "redis://a b")


@pytest.mark.parametrize("command", ["false", "no-such-program", "echo 'unclosed"])
def test_a_command_that_fails_is_named_by_its_variable(command: str) -> None:
    with pytest.raises(ConfigurationError, match="the command in X_CMD"):
        read({"X_CMD": command}, "X")


def test_a_secret_is_left_to_airflow() -> None:
    assert read({"X_SECRET": "conn"}, "X") is None


@pytest.mark.parametrize(
    "executor", ["CeleryExecutor", "CeleryKubernetesExecutor", "company.MyCeleryExecutor"]
)
def test_celery_is_seen_in_the_executor(executor: str) -> None:
    assert uses_celery({"AIRFLOW__CORE__EXECUTOR": executor})


def test_other_executors_have_no_broker() -> None:
    assert not uses_celery({"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"})
    assert not uses_celery({})


def test_waiting_takes_two_minutes_unless_told_otherwise() -> None:
    assert wait_timeout({}) == 120
    assert wait_timeout({WAIT_TIMEOUT: ""}) == 120
    assert wait_timeout({WAIT_TIMEOUT: "0"}) == 0
    assert wait_timeout({WAIT_TIMEOUT: "7.5"}) == 7.5


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{WAIT_TIMEOUT} is '{value}'"):
        wait_timeout({WAIT_TIMEOUT: value})
