from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from airflow.exceptions import TaskDeferred
from airflow.utils.module_loading import import_string
from astronomer.runtime.fixes.http_sensor import Faulty, HttpSensorAsync


def trigger_of(kind: type) -> "tuple[Any, Any, Any]":
    """What arrives in the triggerer: endpoint, connection and method."""
    sensor = kind(
        task_id="wait",
        http_conn_id="mine",
        method="HEAD",
        endpoint="ready",
        execution_timeout=timedelta(seconds=5),
    )
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    assert deferred.value.method_name == "execute_complete"
    path, arguments = deferred.value.trigger.serialize()
    made = import_string(path)(**arguments)
    return made.endpoint, made.http_conn_id, made.method


def test_the_sensor_waits_with_its_own_connection_and_method() -> None:
    assert trigger_of(HttpSensorAsync) == ("ready", "mine", "HEAD")


def test_the_pinned_one_does_not_so_ours_is_still_needed() -> None:
    assert trigger_of(Faulty) == ("ready", "http_default", "GET")


def test_without_the_providers_the_import_says_what_to_do() -> None:
    # Runtime 4.1.0 has none.
    code = "import sys; sys.modules['astronomer.providers'] = None;"
    code += "import astronomer.runtime.fixes.http_sensor"
    finished = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path}; {code}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    last = finished.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: astronomer.runtime.fixes.http_sensor mends a sensor")
    assert "add astronomer-providers to requirements.txt" in last
