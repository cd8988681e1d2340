"""What the compose file starts: every service is healthy, and a task goes through Celery."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Iterator, Tuple

import pytest
import requests
import yaml

from tests.deploy.compose import FILE, MOUNTS, PROGRAMS, Compose, settings
from tests.engine.connection import connect
from tests.engine.waiting import wait_for
from tests.local.development import log_in
from tests.stack.airflow import GREETING_DAG
from versions.macros import TESTED_RELEASE

_UP_SECONDS = 600
_HEALTHY_SECONDS = 300
_RUN_SECONDS = 180

_DEFINED = yaml.safe_load(FILE.read_text())["services"]
SERVICES = {name for name, each in _DEFINED.items() if "profiles" not in each}

PLUGIN = """
from airflow.plugins_manager import AirflowPlugin


class Mounted(AirflowPlugin):
    name = "mounted"
"""


@pytest.fixture(params=PROGRAMS, ids=" ".join)
def program(request: Any) -> Tuple[str, ...]:
    found: Tuple[str, ...] = request.param
    return found


def free_port() -> int:
    """A port of the loopback interface that nobody has now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def environment(
    runtime_image: str, postgres_image: str, redis_image: str, tmp_path: Path, port: int
) -> "dict[str, str]":
    for folder, name, text in (
        ("dags", "greeting.py", GREETING_DAG),
        ("plugins", "mounted.py", PLUGIN),
        ("config", "airflow.cfg", "[core]\nmax_active_runs_per_dag = 23\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    return {
        **settings(),
        "ASTRO_RUNTIME_IMAGE": runtime_image,
        "POSTGRES_IMAGE": postgres_image,
        "REDIS_IMAGE": redis_image,
        "DAGS_FOLDER": str(tmp_path / "dags"),
        "PLUGINS_FOLDER": str(tmp_path / "plugins"),
        "CONFIG_FOLDER": str(tmp_path / "config"),
        "CONFIG_FILE": "/usr/local/airflow/config/airflow.cfg",
        "PORT": str(port),
    }


@pytest.fixture
def compose(
    program: Tuple[str, ...], engine_at: str, environment: "dict[str, str]"
) -> Iterator[Compose]:
    made = Compose(program, engine_at, environment, [FILE, MOUNTS])
    yield made
    made.remove()
    client = connect(engine_at, timeout=60)
    ours = {"label": f"com.docker.compose.project={made.project}"}
    left = [
        client.containers.list(all=True, filters=ours),
        client.volumes.list(filters=ours),
        client.networks.list(filters=ours),
    ]
    client.close()
    assert left == [[], [], []]


def test_the_services_are_healthy_and_a_dag_runs_through_celery(
    engine_at: str, compose: Compose, environment: "dict[str, str]", port: int
) -> None:
    up = compose("up", "--detach", seconds=_UP_SECONDS)
    assert up.returncode == 0, f"{up.stdout}\n{compose.logs()}"
    client = connect(engine_at, timeout=120)
    ours = {"label": f"com.docker.compose.project={compose.project}"}
    containers = {
        each.labels["com.docker.compose.service"]: each
        for each in client.containers.list(all=True, filters=ours)
    }
    assert set(containers) == SERVICES

    def unhealthy() -> "dict[str, str]":
        found = {}
        for name, each in containers.items():
            each.reload()
            health = each.attrs["State"].get("Health", {}).get("Status", each.status)
            if health != ("exited" if name == "set-up" else "healthy"):
                found[name] = health
        return found

    wait_for(
        "all to be healthy", lambda: not unhealthy(), _HEALTHY_SECONDS, lambda: f"{unhealthy()}"
    )
    for name, each in containers.items():
        assert each.attrs["Config"]["User"].partition(":")[0] not in ("", "0", "root"), name

    start = "airflow dags unpause greeting && airflow dags trigger greeting --run-id run"
    done = containers["scheduler-1"].exec_run(["/entrypoint", "bash", "-c", start])
    assert done.exit_code == 0, f"{done.output.decode()}\n{compose.logs()}"
    ask = "SELECT state FROM dag_run WHERE state IN ('success', 'failed')"
    psql = ["psql", "--host=127.0.0.1", "--username=airflow", "--no-align", "--tuples-only"]
    password = {"PGPASSWORD": environment["POSTGRES_PASSWORD"]}
    state = wait_for(
        "the DAG run to end",
        lambda: containers["postgres"].exec_run([*psql, "-c", ask], environment=password).output,
        _RUN_SECONDS,
        compose.logs,
    )
    assert state == b"success\n", compose.logs()
    hosts = "SELECT DISTINCT hostname FROM task_instance"
    ran = containers["postgres"].exec_run([*psql, "-c", hosts], environment=password).output
    # Its name as the engine makes it, of the first letters of its id.
    assert str(containers["worker"].id).startswith(ran.decode().strip())

    address = f"http://127.0.0.1:{port}"
    session = log_in(address, "admin", environment["ADMIN_PASSWORD"])
    assert f"Astronomer Runtime {TESTED_RELEASE}" in session.get(f"{address}/home", timeout=60).text
    assert requests.get(f"{address}/health", timeout=60).json()["scheduler"]["status"] == "healthy"
    client.close()

    for given, status in ((environment["ADMIN_PASSWORD"], 200), ("wrong", 401)):
        asked = requests.get(f"{address}/api/v1/dags", auth=("admin", given), timeout=60)
        assert asked.status_code == status, asked.text

    ask = "airflow plugins && airflow config get-value core max_active_runs_per_dag"
    told = compose("run", "--rm", "-T", "cli", "bash", "-c", ask, seconds=_RUN_SECONDS)
    assert told.returncode == 0, told.stdout
    assert "mounted" in told.stdout and told.stdout.rstrip().endswith("23"), told.stdout


def test_the_mounts_are_those_of_every_service_that_runs_airflow() -> None:
    runs_airflow = {name for name, each in _DEFINED.items() if "astro-runtime" in each["image"]}

    assert set(yaml.safe_load(MOUNTS.read_text())["services"]) == runs_airflow


@pytest.mark.parametrize("name", sorted(settings()))
def test_a_variable_that_is_missing_is_named(
    program: Tuple[str, ...], engine_at: str, name: str
) -> None:
    others = {each: value for each, value in settings().items() if each != name}
    compose = Compose(program, engine_at, others)

    config = compose("config")

    assert config.returncode != 0
    assert f"{name} is missing, see docs/deploy/README.md" in config.stdout
