"""The log of a task whose worker is killed, read from the webserver of another container."""

from __future__ import annotations

import json
import re
import time
from typing import Dict, Iterator, List, Tuple
from urllib.parse import quote

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import DAGS, HOME, environment
from tests.stack.postgres import Database
from tests.stack.s3 import KEY, S3, SECRET, URL

_DAG = """
import time
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def work():
    number = 0
    while True:
        print("line", number, time.time(), flush=True)
        number += 1
        time.sleep(0.05)


with DAG("count", start_date=datetime(2022, 7, 1), schedule_interval=None) as dag:
    PythonOperator(task_id="task", python_callable=work)
"""

# Who looks at pages here needs no login.
_EVERYBODY = "AUTH_ROLE_PUBLIC = 'Admin'\n"

_LINE = re.compile(r"INFO - line (\d+) ([\d.]+)$", re.MULTILINE)

# Seconds.
_START = 180
_RUN = 180
_LAG = 15.0
"""It is one second where this machine has time for the shipper: `benchmarks/task_logs.py`."""


class Deployment:
    """Scheduler, worker and webserver, each with a file system of its own."""

    def __init__(
        self, engine: Engine, image: str, redis_image: str, database: Database, s3: S3
    ) -> None:
        extra = quote(json.dumps({"host": URL, "region_name": "us-east-1"}), safe="")
        settings = {
            **environment(database.url),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:6379/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database.url}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs/deployment",
            "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "astro_s3_logging",
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
            "AIRFLOW_CONN_ASTRO_S3_LOGGING": f"aws://{KEY}:{SECRET}@/?__extra__={extra}",
            # What tasks may have for themselves.
            "AWS_ACCESS_KEY_ID": "users-key",
            "AWS_PROFILE": "users-profile-that-is-not-here",
        }
        dags = engine.volume(image, DAGS, {"count.py": _DAG})
        self.containers: Dict[str, Container] = {
            "redis": engine.start(redis_image, network=database.network)
        }
        for name in ("scheduler", "celery worker", "webserver"):
            self.containers[name] = engine.start(
                image,
                ["airflow", *name.split()],
                network=database.network,
                environment=settings,
                volumes={dags: {"bind": DAGS, "mode": "ro"}},
                files={f"{HOME}/webserver_config.py": _EVERYBODY},
            )

    def page(self, path: str, accept: str = "*/*") -> str:
        """What the webserver answers; empty until it does."""
        argv = ["curl", "--silent", "--fail", "--header", f"Accept: {accept}"]
        return self.containers["webserver"].exec([*argv, f"http://127.0.0.1:8080{path}"]).stdout

    def logs(self) -> str:
        """The end of every container's log."""
        return "\n".join(
            f"== {name}\n{each.logs()[-3000:]}" for name, each in self.containers.items()
        )

    def close(self) -> None:
        """Remove everything."""
        for container in self.containers.values():
            container.remove()


@pytest.fixture
def s3(engine: Engine, s3_image: str, database: Database) -> Iterator[S3]:
    made = S3(engine, s3_image, database.network, "logs")
    yield made
    made.close()


@pytest.fixture
def deployment(
    engine: Engine, runtime_image: str, redis_image: str, database: Database, s3: S3
) -> Iterator[Deployment]:
    made = Deployment(engine, runtime_image, redis_image, database, s3)
    yield made
    made.close()


def has_ended(s3: S3) -> bool:
    """Whether the store has all of the one log."""
    return any(key.endswith("-end") for key in s3.keys())


def lines(log: str) -> List[Tuple[int, float]]:
    """Number and time of each line that the task has printed."""
    return [(int(number), float(moment)) for number, moment in _LINE.findall(log)]


def test_the_log_of_a_killed_worker_is_in_the_ui_and_the_rest_api(
    deployment: Deployment, database: Database, s3: S3
) -> None:
    worker, scheduler = deployment.containers["celery worker"], deployment.containers["scheduler"]
    wait_for(
        "the DAG to be parsed",
        lambda: database.query("SELECT 1 FROM serialized_dag WHERE dag_id = 'count'"),
        _START,
        deployment.logs,
    )
    trigger = ["airflow", "dags", "trigger", "count", "--run-id", "run"]
    scheduler.exec(trigger, seconds=_START).checked()
    wait_for("the log to be shipped", lambda: len(s3.keys()) > 5, _RUN, deployment.logs)
    wait_for("the webserver", lambda: deployment.page("/health"), _START, deployment.logs)
    file = f"{HOME}/logs/dag_id=count/run_id=run/task_id=task/attempt=1.log"
    printed = lines(worker.exec(["cat", file]).checked().stdout)
    worker.kill("SIGKILL")
    killed = time.time()

    [date] = json.loads(deployment.page("/api/v1/dags/count/dagRuns"))["dag_runs"]
    query = f"dag_id=count&task_id=task&try_number=1&execution_date={quote(date['logical_date'])}"
    ui = json.loads(deployment.page(f"/get_logs_with_metadata?{query}&metadata=null"))
    [[_, text]] = ui["message"]
    api = deployment.page(
        "/api/v1/dags/count/dagRuns/run/taskInstances/task/logs/1?full_content=true", "text/plain"
    )
    numbers = [number for number, _ in lines(text)]
    assert numbers == list(range(len(numbers)))
    assert [number for number, _ in lines(api)] == numbers
    assert len(numbers) >= sum(moment < killed - _LAG for _, moment in printed)

    worker.restart()
    wait_for("the rest to be shipped", lambda: has_ended(s3), _START, deployment.logs)
    ui = json.loads(deployment.page(f"/get_logs_with_metadata?{query}&metadata=null"))
    shipped = [number for number, _ in lines(ui["message"][0][1])]
    assert shipped[: len(printed)] == [number for number, _ in printed]
