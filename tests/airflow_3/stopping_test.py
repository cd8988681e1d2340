"""Components that are stopped at work end in the time of `docker stop`, and in order.

The load: a client of the API server that never sends the rest of its request; in the scheduler a
task that sleeps, and one that ignores signals; a trigger that blocks the triggerer's loop.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import FERNET_KEY, HOME
from tests.stack.postgres import Database, Postgres

_START_SECONDS = 240
_RUN_SECONDS = 240
_STOP_SECONDS = 10
"""What `docker stop` waits until it kills."""

_CODE = """
import signal
import time
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG, BaseOperator, task
from airflow.triggers.base import BaseTrigger


class Blocking(BaseTrigger):
    def serialize(self):
        return ("load.Blocking", {})

    async def run(self):
        Path("/tmp/blocked").touch()
        time.sleep(600)
        yield None


class Deferring(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Blocking(), method_name="execute")


with DAG("load", start_date=datetime(2026, 1, 1), schedule="@once"):

    @task
    def sleeping():
        Path("/tmp/sleeping").touch()
        time.sleep(600)

    @task
    def deaf():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        Path("/tmp/deaf").touch()
        while True:
            time.sleep(1)

    sleeping()
    deaf()
    Deferring(task_id="deferred")
"""

_OPEN_CONNECTION = """
import socket, time
client = socket.create_connection(("127.0.0.1", 8080))
client.sendall(b"POST /auth/token HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\n"
               b"Content-Length: 1000\\r\\n\\r\\n{")
print("connected", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def database(engine: Engine, postgres_image: str) -> Database:
    return Postgres.start(engine, postgres_image).database()


@pytest.fixture(scope="module")
def components(engine: Engine, dist: Path, database: Database) -> Iterator[Dict[str, Container]]:
    image = engine.load(dist / "images" / "3.3-1-base")
    environment = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url,
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8080/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # The machine may be busy.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-this-test-and-of-nothing-else",
    }
    files = {f"{HOME}/dags/load.py": _CODE, f"{HOME}/load.py": _CODE}
    migrate = ["bash", "-c", "airflow db migrate && airflow dags reserialize"]
    options: Dict[str, Any] = {
        "network": database.network,
        "environment": environment,
        "files": files,
    }
    engine.run(image, migrate, seconds=_START_SECONDS, **options).checked()
    server = engine.start(image, ["airflow", "api-server"], **options)
    # Tasks fail where it does not answer.
    server.wait_for_log("startup complete", _START_SECONDS)
    started = {
        "api-server": server,
        "scheduler": engine.start(image, ["airflow", "scheduler"], **options),
        "triggerer": engine.start(image, ["airflow", "triggerer"], **options),
    }
    yield started
    for each in started.values():
        each.remove()


@pytest.fixture(scope="module")
def at_work(components: Dict[str, Container]) -> Dict[str, Container]:
    for name, mark in (
        ("scheduler", "/tmp/sleeping"),
        ("scheduler", "/tmp/deaf"),
        ("triggerer", "/tmp/blocked"),
    ):
        container = components[name]
        wait_for(
            mark,
            lambda: container.exec(["test", "-e", mark]).exit_code == 0,
            _RUN_SECONDS,
            container.logs,
        )
    return components


@pytest.mark.parametrize("name", ["triggerer", "scheduler"])
def test_a_component_at_work_ends_in_time(at_work: Dict[str, Container], name: str) -> None:
    finished = at_work[name].stop(_STOP_SECONDS)

    assert finished.exit_code == 0, finished.output[-3000:]


def test_an_api_server_with_an_open_connection_ends_in_time(
    components: Dict[str, Container],
) -> None:
    server = components["api-server"]
    client = f"python -c '{_OPEN_CONNECTION}' > /tmp/client 2>&1 &"
    server.exec(["bash", "-c", client]).checked()
    wait_for(
        "a client",
        lambda: "connected" in server.exec(["cat", "/tmp/client"]).stdout,
        60,
        server.logs,
    )

    finished = server.stop(_STOP_SECONDS)

    assert finished.exit_code == 0, finished.output[-3000:]
