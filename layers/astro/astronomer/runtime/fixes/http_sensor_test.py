from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.exceptions import TaskDeferred
from astronomer.runtime.fixes.http_sensor import Faulty, HttpSensorAsync


def connection_of(kind: type) -> str:
    sensor = kind(
        task_id="wait",
        http_conn_id="mine",
        endpoint="ready",
        execution_timeout=timedelta(seconds=5),
    )
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    return str(deferred.value.trigger.serialize()[1]["http_conn_id"])


def test_the_sensor_waits_with_its_own_connection() -> None:
    assert connection_of(HttpSensorAsync) == "mine"


def test_the_pinned_one_does_not_so_ours_is_still_needed() -> None:
    assert connection_of(Faulty) == "http_default"
