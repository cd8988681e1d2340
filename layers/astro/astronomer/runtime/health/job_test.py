from __future__ import annotations

import socket
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Dict

import pytest
from astronomer.runtime.health.job import check_job, hostname


@pytest.fixture
def environ(tmp_path: Path) -> Dict[str, str]:
    path = tmp_path / "airflow.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE job (job_type, state, hostname, latest_heartbeat)")
    connection.close()
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{path}"}


def beat(environ: Dict[str, str], age: float, **changes: str) -> None:
    row = {"job_type": "SchedulerJob", "state": "running", "hostname": socket.getfqdn(), **changes}
    moment = str(datetime.utcnow() - timedelta(seconds=age))
    path = environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("sqlite:///", "")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("INSERT INTO job VALUES (?, ?, ?, ?)", (*row.values(), moment))
    connection.close()


def test_a_fresh_heartbeat_of_this_host_is_health(environ: Dict[str, str]) -> None:
    beat(environ, 5)
    assert check_job("scheduler", environ, 5).healthy


def test_an_old_heartbeat_is_not(environ: Dict[str, str]) -> None:
    beat(environ, 60)
    health = check_job("scheduler", environ, 5)
    assert not health.passes(live=True)
    assert "s old, 30 s are allowed" in health.reason


def test_the_allowed_age_is_airflow_s_option(environ: Dict[str, str]) -> None:
    beat(environ, 60)
    environ["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD"] = "90"
    assert check_job("scheduler", environ, 5).healthy


@pytest.mark.parametrize(
    "changes", [{"hostname": "other"}, {"state": "failed"}, {"job_type": "TriggererJob"}]
)
def test_the_heartbeat_of_another_job_is_not_ours(
    environ: Dict[str, str], changes: Dict[str, str]
) -> None:
    beat(environ, 1, **changes)
    health = check_job("scheduler", environ, 5)
    assert not health.passes(live=True)
    assert "no running job of host" in health.reason


def test_a_database_that_is_down_is_not_the_scheduler_s_fault() -> None:
    url = "postgresql://user:secret@127.0.0.1:9/airflow"
    health = check_job("scheduler", {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}, 5)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)
    assert "secret" not in health.reason


@pytest.mark.parametrize(
    "name, expected",
    [
        ("", socket.getfqdn()),
        ("socket.getfqdn", socket.getfqdn()),
        ("socket:gethostname", socket.gethostname()),
    ],
)
def test_the_host_is_named_as_airflow_names_it(name: str, expected: str) -> None:
    assert hostname({"AIRFLOW__CORE__HOSTNAME_CALLABLE": name}) == expected
