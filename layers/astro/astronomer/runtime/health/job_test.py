from __future__ import annotations

import socket
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Dict, Iterator

import pytest
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.conftest import airflow_3
from astronomer.runtime.health.hostname import hostname
from astronomer.runtime.health.job import check_job, sends_heartbeats

TRIGGERER = """
import asyncio, sys, threading, time
from airflow.jobs.triggerer_job import TriggerRunner
from airflow.triggers.base import BaseTrigger

class Waits(BaseTrigger):
    def serialize(self):
        return ("Waits", {})

    async def run(self):
        print("begins", flush=True)
        BODY
        yield None

runner = TriggerRunner()
runner.daemon = True
runner.to_create.append((1, Waits()))
runner.start()
# The main thread sends heartbeats in the meantime.
time.sleep(300)
"""


@pytest.fixture
def environ(airflow_database: Path) -> Iterator[Dict[str, str]]:
    yield {
        "AIRFLOW_HOME": str(airflow_database.parent),
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_database}",
    }
    from airflow.jobs.base_job import BaseJob
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(BaseJob).delete()


def beat(age: float, kind: str = "scheduler", **changes: Any) -> None:
    """Have Airflow note a job whose last heartbeat is `age` seconds old."""
    from airflow.jobs.scheduler_job import SchedulerJob
    from airflow.jobs.triggerer_job import TriggererJob
    from airflow.utils import timezone as airflow_time
    from airflow.utils.session import create_session

    job = SchedulerJob() if kind == "scheduler" else TriggererJob(capacity=1)
    job.state, job.hostname = "running", socket.getfqdn()
    job.latest_heartbeat = airflow_time.utcnow() - timedelta(seconds=age)
    for name, value in changes.items():
        setattr(job, name, value)
    with create_session() as session:
        session.add(job)


def test_a_fresh_heartbeat_of_this_host_is_health(environ: Dict[str, str]) -> None:
    beat(5)
    assert check_job("scheduler", environ, 5).healthy


def test_an_old_heartbeat_is_not(environ: Dict[str, str]) -> None:
    beat(60)
    health = check_job("scheduler", environ, 5)
    assert not health.passes(live=True)
    assert "s old, 30 s are allowed" in health.reason


def test_the_youngest_of_the_host_s_heartbeats_counts(environ: Dict[str, str]) -> None:
    for age in (3600, 5, 600):
        beat(age)
    assert check_job("scheduler", environ, 5).healthy


@pytest.mark.parametrize("behind", [-600, 600])
def test_a_clock_that_differs_from_the_database_s_is_not_an_old_heartbeat(
    environ: Dict[str, str], behind: float
) -> None:
    def clock() -> datetime:
        return datetime.now(timezone.utc) - timedelta(seconds=behind)

    beat(5 + behind)
    assert check_job("scheduler", environ, 5, clock=clock).healthy
    beat(60 + behind)
    assert check_job("scheduler", environ, 5, clock=clock).healthy
    # The clock was set back, and nothing has come since.
    assert not check_job("scheduler", environ, 5, clock=lambda: clock() - timedelta(60)).healthy


@pytest.mark.parametrize("in_file", [False, True])
def test_the_allowed_age_is_airflow_s_option(
    environ: Dict[str, str], tmp_path: Path, in_file: bool
) -> None:
    beat(60)
    if in_file:
        environ["AIRFLOW_HOME"] = str(tmp_path)
        text = "[scheduler]\nscheduler_health_check_threshold = 90\n"
        (tmp_path / "airflow.cfg").write_text(text)
    else:
        environ["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD"] = "90"
    assert check_job("scheduler", environ, 5).healthy


@pytest.mark.parametrize(
    "kind, changes",
    [
        ("scheduler", {"hostname": "other"}),
        ("scheduler", {"state": "failed"}),
        ("triggerer", {}),
    ],
)
def test_the_heartbeat_of_another_job_is_not_ours(
    environ: Dict[str, str], kind: str, changes: Dict[str, str]
) -> None:
    beat(1, kind, **changes)
    health = check_job("scheduler", environ, 5)
    assert not health.passes(live=True)
    assert "no running job of host" in health.reason


def test_a_database_that_is_down_is_not_the_scheduler_s_fault(tmp_path: Path) -> None:
    url = "postgresql://user:secret@127.0.0.1:9/airflow"
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__SQL_ALCHEMY_CONN": url}
    health = check_job("scheduler", environ, 5)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)
    assert "secret" not in health.reason


def test_a_database_that_never_answers_is_not_the_scheduler_s_fault(
    tmp_path: Path, listener: socket.socket
) -> None:
    url = f"postgresql://user@127.0.0.1:{listener.getsockname()[1]}/airflow"
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__SQL_ALCHEMY_CONN": url}
    health = check_job("scheduler", environ, 1)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)


def test_what_the_driver_is_given_beside_the_url_is_the_project_s(
    environ: Dict[str, str], tmp_path: Path
) -> None:
    beat(5)
    (tmp_path / "config").mkdir()
    module = tmp_path / "config" / "arguments_of_a_test.py"
    module.write_text("wrong = {'no_such_argument': 1}\nright = {'timeout': 1}\n")
    environ.update(AIRFLOW_HOME=str(tmp_path))
    for name, healthy in (("right", True), ("wrong", False)):
        path = f"arguments_of_a_test.{name}"
        environ["AIRFLOW__CORE__SQL_ALCHEMY_CONNECT_ARGS"] = path
        assert check_job("scheduler", environ, 5).healthy is healthy


@pytest.fixture
def triggerer(request: Any, environ: Dict[str, str]) -> Iterator[int]:
    """The process id of Airflow's own runner of triggers, whose trigger does what is asked."""
    code = TRIGGERER.replace("BODY", request.param)
    with Popen([sys.executable, "-c", code], stdout=PIPE, text=True) as process:
        assert process.stdout
        while "begins" not in process.stdout.readline():
            assert process.poll() is None
        yield process.pid
        process.kill()


@pytest.mark.parametrize("triggerer", ["time.sleep(300)"], indirect=True)
def test_a_triggerer_whose_event_loop_is_blocked_is_ill(
    environ: Dict[str, str], triggerer: int
) -> None:
    beat(1, "triggerer")
    health = check_job("triggerer", environ, 5, triggerer)
    assert not health.passes(live=True)
    assert "event loop stands still" in health.reason


@pytest.mark.parametrize("triggerer", ["await asyncio.sleep(300)"], indirect=True)
def test_a_triggerer_whose_triggers_wait_as_they_should_is_healthy(
    environ: Dict[str, str], triggerer: int
) -> None:
    beat(1, "triggerer")
    assert check_job("triggerer", environ, 5, triggerer).healthy


@pytest.mark.parametrize(
    "name, expected",
    [
        (None, socket.getfqdn()),
        ("socket.getfqdn", socket.getfqdn()),
        ("socket:gethostname", socket.gethostname()),
        ("names_of_a_test.mine", "named-by-the-project"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_the_host_is_named_as_airflow_names_it(
    tmp_path: Path, name: Any, expected: str, in_file: bool
) -> None:
    (tmp_path / "plugins").mkdir()
    module = tmp_path / "plugins" / "names_of_a_test.py"
    module.write_text("def mine():\n    return 'named-by-the-project'\n")
    environ = {"AIRFLOW_HOME": str(tmp_path)}
    if name and in_file:
        (tmp_path / "airflow.cfg").write_text(f"[core]\nhostname_callable = {name}\n")
    elif name:
        environ["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = name
    assert hostname(Sources(environ)) == expected
    sys.modules.pop("names_of_a_test", None)


def test_a_host_that_cannot_be_named_is_not_a_dead_scheduler(environ: Dict[str, str]) -> None:
    beat(1)
    environ["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = "no.such.callable"
    health = check_job("scheduler", environ, 5)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)
    assert "hostname_callable" in health.reason


@pytest.mark.parametrize("name", ["localhost one.example", "one.example two"])
def test_airflow_3_names_the_host_as_its_resolver_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    canonical, _, other = name.partition(" ")
    found = [(socket.AF_INET, socket.SOCK_DGRAM, 17, canonical, ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: found)
    monkeypatch.setattr(socket, "gethostbyaddr", lambda name: (other, [canonical], []))
    assert hostname(Sources({"AIRFLOW_HOME": str(tmp_path)}, airflow_3(tmp_path))) == canonical


def test_the_components_that_send_heartbeats_are_known(tmp_path: Path) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path)}
    assert sends_heartbeats("scheduler", environ) and sends_heartbeats("triggerer", environ)
    # As from Airflow 3 it does.
    assert not sends_heartbeats("dag-processor", environ)
    assert not sends_heartbeats("webserver", environ)
