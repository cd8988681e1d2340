"""The experimental line: it starts, runs a DAG and says what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import yaml

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import DAGS

_DAG = """
from datetime import datetime

from airflow.sdk import DAG, task

with DAG("greeting", start_date=datetime(2026, 1, 1), schedule=None):

    @task
    def hello():
        print("hello from Airflow 3")
        return 42

    hello()
"""

_START_SECONDS = 240
_RUN_SECONDS = 180


@pytest.fixture(scope="module")
def manifest() -> Dict[str, Any]:
    read: Dict[str, Any] = yaml.safe_load(Path("versions/3.3-1/release.yaml").read_text())
    return read


@pytest.fixture(scope="module")
def image(engine: Engine, dist: Path) -> str:
    return engine.load(dist / "images" / "3.3-1-base")


@pytest.fixture(scope="module")
def airflow(engine: Engine, image: str) -> Iterator[Container]:
    """All components in one container, with sqlite, as a developer tries it."""
    with engine.start(
        image,
        ["airflow", "standalone"],
        environment={
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        },
        files={f"{DAGS}/greeting.py": _DAG},
    ) as container:
        wait_for(
            "Airflow to be healthy",
            lambda: container.exec(["astronomer-runtime", "health"]).exit_code == 0,
            _START_SECONDS,
            container.logs,
        )
        yield container


def get(airflow: Container, path: str) -> str:
    return (
        airflow.exec(["curl", "--silent", "--fail", f"http://127.0.0.1:8080{path}"])
        .checked()
        .stdout
    )


def test_it_is_made_of_another_debian_another_python_and_another_airflow(
    airflow: Container, manifest: Dict[str, Any]
) -> None:
    assert "bookworm" in airflow.exec(["cat", "/etc/os-release"]).checked().stdout
    python = airflow.exec(["python", "--version"]).checked().stdout
    assert python.startswith(f"Python {manifest['python']}.")
    assert json.loads(get(airflow, "/api/v2/version"))["version"] == manifest["airflow"]
    installed = airflow.exec(["pip", "freeze"]).checked().stdout.lower().splitlines()
    for name, version in manifest["providers"].items():
        assert f"apache-airflow-providers-{name}=={version}" in installed
    airflow.exec(["pip", "check"]).checked()


def test_a_dag_runs(airflow: Container) -> None:
    wait_for(
        "the DAG to be parsed",
        lambda: "greeting" in airflow.exec(["airflow", "dags", "list"]).stdout,
        _RUN_SECONDS,
        airflow.logs,
    )
    airflow.exec(["airflow", "dags", "trigger", "greeting", "--run-id", "run"]).checked()

    def state() -> str:
        runs = airflow.exec(["airflow", "dags", "list-runs", "greeting", "--output", "json"])
        found: str = runs.json()[0]["state"]
        return found

    wait_for("the run to end", lambda: state() in ("success", "failed"), _RUN_SECONDS, airflow.logs)
    assert state() == "success"


def test_every_page_has_our_footer(airflow: Container, manifest: Dict[str, Any]) -> None:
    plugins = json.loads(get(airflow, "/api/v2/plugins"))["plugins"]
    apps = [app for plugin in plugins for app in plugin["react_apps"]]
    assert [(app["destination"], app["bundle_url"]) for app in apps] == [
        ("base", "astronomer/footer.js")
    ]
    line = f"Astronomer Runtime {manifest['release']} based on Airflow {manifest['airflow']}"
    assert line in get(airflow, "/astronomer/footer.js")


@pytest.mark.parametrize("command", ["api-server", "standalone"])
def test_it_does_not_serve_where_the_platform_has_a_key(
    engine: Engine, image: str, command: str
) -> None:
    key = "AIRFLOW__ASTRONOMER__HOUSTON_JWK_URL"

    finished = engine.run(image, [command], environment={key: "https://platform.test/jwks"})

    assert finished.exit_code == 78
    assert f"{key} is set, and this image has no login of the platform" in finished.stderr
    assert "Traceback" not in finished.output


_DATABASE_OF_5_0_8 = """
import sqlite3

with sqlite3.connect("/tmp/airflow.db") as connection:
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("INSERT INTO alembic_version VALUES ('f5fcbda3e651')")
"""


def test_a_database_of_airflow_2_3_is_told_what_to_go_through(engine: Engine, image: str) -> None:
    script = "python /tmp/make.py && exec /entrypoint airflow db migrate"

    finished = engine.run(
        image,
        ["bash", "-c", script],
        environment={"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db"},
        files={"/tmp/make.py": _DATABASE_OF_5_0_8},
    )

    assert finished.exit_code == 78
    assert "f5fcbda3e651 (new in Airflow 2.3.3) is not known to Airflow 3." in finished.stderr
    assert "with a release of Airflow 2.7 to 2.11 first" in finished.stderr


def test_what_the_entrypoint_chooses_are_options_of_this_airflow(airflow: Container) -> None:
    command = ["astronomer-runtime", "config", "--component=standalone", "--json"]
    chosen = airflow.exec(command).json()["components"]["standalone"]
    names = [each["variable"].lower().split("__")[1:] for each in chosen]
    code = f"from airflow.configuration import conf; print([conf.get(*n) for n in {names}])"
    # `exec` goes around the entrypoint: Airflow reads its own values.
    printed = airflow.exec(["python", "-c", code]).checked().stdout.splitlines()[-1]
    assert printed == str([each["stock"] for each in chosen])
    assert "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES" in [each["variable"] for each in chosen]
