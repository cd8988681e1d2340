from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Dict

import pytest

_PRINT = (
    "import json; from airflow.executors.celery_executor import app;"
    "print('options', json.dumps(app.conf.broker_transport_options))"
)


def transport_options(**environ: str) -> Dict[str, Any]:
    """The options of Airflow's Celery application in a process with these variables."""
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:9/0",
            "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": (
                "astronomer.runtime.high_availability.celery_config.CELERY_CONFIG"
            ),
            **environ,
        },
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    found: Dict[str, Any] = json.loads(printed.rpartition("options ")[2])
    return found


@pytest.mark.parametrize("scheme", ["redis", "rediss", "sentinel"])
def test_redis_gives_a_dead_worker_s_messages_away_after_a_minute(scheme: str) -> None:
    options = transport_options(AIRFLOW__CELERY__BROKER_URL=f"{scheme}://127.0.0.1:9/0")
    assert options["visibility_timeout"] == 60


def test_the_operator_s_own_timeout_is_kept() -> None:
    name = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"
    assert transport_options(**{name: "900"})["visibility_timeout"] == 900


def test_other_brokers_get_no_such_option() -> None:
    url = "amqp://guest@127.0.0.1:9//"
    assert "visibility_timeout" not in transport_options(AIRFLOW__CELERY__BROKER_URL=url)
