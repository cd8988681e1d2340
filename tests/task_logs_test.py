"""Task logs whose worker is killed, or stopped, read from the webserver of another container."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Dict, Iterator, List, Tuple
from urllib.parse import quote

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import DAGS, HOME, environment
from tests.stack.postgres import Database, Postgres
from tests.stack.s3 import BUCKET, S3, URL
from tests.stack.webserver import get

_DAG = """
import os
import time
from datetime import datetime

from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator


def work():
    print("the bank's word is", BaseHook.get_connection("bank").password)
    number = 0
    while not os.path.exists("/tmp/enough"):
        print("line", number, time.time(), flush=True)
        number += 1
        time.sleep(0.05)


with DAG("count", start_date=datetime(2022, 7, 1), schedule_interval=None) as dag:
    PythonOperator(task_id="task", python_callable=work)
"""

_SECRET = "hush-hush"
KEY, SECRET = "platform-key", "platform-secret"

# Who looks at pages here needs no login.
_EVERYBODY = "AUTH_ROLE_PUBLIC = 'Admin'\n"

_LINE = re.compile(r"INFO - line (\d+) ([\d.]+)$", re.MULTILINE)

# Seconds.
_START = 180
_OUTAGE = 20
"""Longer than the shipper ever waits between two tries, several times."""

_LAG = 2.0
"""Up to so long before its end the log of a killed worker is whole."""


class Deployment:
    """Scheduler, worker and webserver, each with a file system of its own."""

    def __init__(
        self, engine: Engine, image: str, redis: Container, database: Database, s3: S3
    ) -> None:
        self._database = database
        self.s3 = s3
        extra = quote(json.dumps({"host": URL, "region_name": "us-east-1"}), safe="")
        settings = {
            **environment(database.url),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:6379/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database.url}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
            "AIRFLOW__WEBSERVER__WORKERS": "1",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{BUCKET}/deployment",
            "AIRFLOW__ASTRONOMER__TASK_LOG_JSON": "stdout",
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
            "AIRFLOW_CONN_ASTRO_S3_LOGGING": f"aws://{KEY}:{SECRET}@/?__extra__={extra}",
            "AIRFLOW_CONN_BANK": f"http://us:{_SECRET}@bank",
            # What tasks may have for themselves.
            "AWS_ACCESS_KEY_ID": "users-key",
            "AWS_PROFILE": "users-profile-that-is-not-here",
        }
        dags = engine.volume(image, DAGS, {"count.py": _DAG})
        self.containers: Dict[str, Container] = {"redis": redis}
        for name in ("scheduler", "celery worker", "webserver"):
            self.containers[name] = engine.start(
                image,
                ["airflow", *name.split()],
                network=database.network,
                environment=settings,
                volumes={dags: {"bind": DAGS, "mode": "ro"}},
                files={f"{HOME}/webserver_config.py": _EVERYBODY},
            )
        self.worker = self.containers["celery worker"]

    def wait_until_ready(self) -> None:
        """Wait for the webserver, and for the scheduler to know the DAG."""
        known = "SELECT 1 FROM serialized_dag WHERE dag_id = 'count'"
        wait_for("the DAG", lambda: self._database.query(known), _START, self.logs)
        wait_for("the webserver", lambda: self._page("/health")[0] == 200, _START, self.logs)

    def run(self, run_id: str) -> None:
        """Make a run, and wait until its log is being shipped."""
        self.worker.exec(["rm", "--force", "/tmp/enough"]).checked()
        trigger = ["airflow", "dags", "trigger", "count", "--run-id", run_id]
        self.containers["scheduler"].exec(trigger, seconds=_START).checked()
        wait_for(
            "the log to be shipped", lambda: len(self.s3.of_run(run_id)) > 5, _START, self.logs
        )

    def log_in_the_ui(self, run_id: str) -> str:
        """The log as the page of the task's log asks for it."""
        _, answer = self._page(f"/api/v1/dags/count/dagRuns/{run_id}")
        date = quote(json.loads(answer)["logical_date"])
        query = f"dag_id=count&task_id=task&try_number=1&execution_date={date}&metadata=null"
        _, answer = self._page(f"/get_logs_with_metadata?{query}")
        [[_, text]] = json.loads(answer)["message"]
        return str(text)

    def log_in_the_api(self, run_id: str) -> str:
        """The log as a client of the REST API gets it."""
        path = f"/api/v1/dags/count/dagRuns/{run_id}/taskInstances/task/logs/1?full_content=true"
        return self._page(path)[1]

    def printed(self, run_id: str) -> List[Tuple[int, float]]:
        """What the task has written to the worker's own file."""
        file = f"{HOME}/logs/dag_id=count/run_id={run_id}/task_id=task/attempt=1.log"
        return lines(self.worker.exec(["cat", file]).checked().stdout)

    def restart_worker(self) -> None:
        """As an orchestrator does, and wait until all that it has is shipped."""
        self.worker.restart()
        wait_for("the rest to be shipped", self.has_ended, _START, self.logs)

    def stop_worker_as_its_task_ends(self) -> None:
        """As an orchestrator does, and wait until the worker waits for its logs to be shipped."""
        said = self._waits()
        self.worker.exec(["touch", "/tmp/enough"]).checked()
        self.worker.kill("SIGTERM")
        wait_for("the worker to wait", lambda: self._waits() > said, _START, self.logs)

    def has_ended(self) -> bool:
        """Whether the store has all of all logs."""
        found = self.s3.objects()
        logs = {key[: key.index(".chunks/")] for key in found}
        return logs == {key[: key.index(".chunks/")] for key in found if key.endswith("-end")}

    def logs(self) -> str:
        """The end of every container's log."""
        return "\n".join(
            f"== {name}\n{each.logs()[-3000:]}" for name, each in self.containers.items()
        )

    def close(self) -> None:
        """Remove everything."""
        for container in self.containers.values():
            container.remove()

    def _waits(self) -> int:
        return self.worker.logs().count("waits up to 10 s for the logs")

    def _page(self, path: str) -> Tuple[int, str]:
        return get(self.containers["webserver"], path)


@pytest.fixture(scope="module")
def deployment(
    engine: Engine,
    runtime_image: str,
    redis_image: str,
    postgres: Postgres,
    migrated: Database,
    dist: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    if os.geteuid() != 0:
        sentence = "Only root can enter the network of a container: run it as root."
        if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    database = postgres.database(template=migrated.name)
    redis = engine.start(redis_image, network=database.network)
    s3 = S3(dist / "tests" / "s3.pex", redis, tmp_path_factory.mktemp("s3"))
    made = Deployment(engine, runtime_image, redis, database, s3)
    made.wait_until_ready()
    yield made
    made.close()
    s3.close()


def lines(log: str) -> List[Tuple[int, float]]:
    """Number and time of each line that the task has printed."""
    return [(int(number), float(moment)) for number, moment in _LINE.findall(log)]


def test_the_log_of_a_killed_worker_is_read_in_the_ui_and_the_rest_api(
    deployment: Deployment,
) -> None:
    deployment.run("killed")
    # With all that could ship anything.
    deployment.worker.kill("SIGKILL")
    killed = time.time()
    ui, api = deployment.log_in_the_ui("killed"), deployment.log_in_the_api("killed")

    deployment.restart_worker()
    printed = deployment.printed("killed")
    found = lines(ui)
    assert found == printed[: len(found)]
    assert lines(api) == found
    assert [number for number, _ in printed] == list(range(len(printed)))
    assert len(found) >= sum(moment < killed - _LAG for _, moment in printed)
    # Nor is the rest lost, where the worker's files are not.
    assert lines(deployment.log_in_the_ui("killed")) == printed


def test_what_a_worker_printed_while_the_store_was_down_outlives_its_death(
    deployment: Deployment,
) -> None:
    deployment.run("outage")
    deployment.s3.stop()
    began = time.time()
    time.sleep(_OUTAGE)
    deployment.worker.kill("SIGKILL")
    assert "Unable to read remote log" in deployment.log_in_the_ui("outage")

    deployment.s3.start()
    deployment.restart_worker()
    printed = deployment.printed("outage")
    # The task went on meanwhile.
    assert sum(moment > began for _, moment in printed) > _OUTAGE
    assert [number for number, _ in printed] == list(range(len(printed)))
    assert lines(deployment.log_in_the_ui("outage")) == printed
    assert lines(deployment.log_in_the_api("outage")) == printed


def test_a_worker_that_is_stopped_does_not_wait_for_ever_for_a_store_that_is_down(
    deployment: Deployment,
) -> None:
    deployment.run("kept")
    deployment.s3.stop()
    deployment.stop_worker_as_its_task_ends()
    assert deployment.worker.wait(_START).exit_code == 0

    deployment.s3.start()
    assert not deployment.has_ended()
    deployment.restart_worker()


def test_a_worker_that_is_stopped_ends_when_its_logs_are_shipped(deployment: Deployment) -> None:
    deployment.run("stopped")
    deployment.s3.stop()
    deployment.stop_worker_as_its_task_ends()
    deployment.s3.start()
    assert deployment.worker.wait(_START).exit_code == 0
    assert deployment.has_ended()


def test_secrets_are_masked_wherever_the_lines_go(deployment: Deployment) -> None:
    records = [
        json.loads(line)
        for line in deployment.worker.logs().splitlines()
        if line.startswith('{"dag_id": "count"')
    ]
    logs = [
        deployment.log_in_the_ui("killed"),
        deployment.log_in_the_api("killed"),
        "".join(deployment.s3.objects().values()),
        "".join(record["message"] for record in records),
    ]
    assert ["the bank's word is ***" in log for log in logs] == [True] * len(logs)
    everything = "".join([*logs, *(each.logs() for each in deployment.containers.values())])
    assert _SECRET not in everything
    assert SECRET not in everything
