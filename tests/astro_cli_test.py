"""What the Astro CLI does with an image, with the CLI's own commands.

Source: astro-cli v1.3.0, airflow/include/composeyml.go and airflow/docker_image.go.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import FERNET_KEY, GREETING_DAG, HOME
from tests.stack.postgres import Database, Postgres

SCHEDULER = "(airflow db upgrade || airflow upgradedb) && airflow scheduler"

WEBSERVER = """
if [[ -z "$AIRFLOW__API__AUTH_BACKEND" ]] &&
  [[ $(pip show -f apache-airflow | grep basic_auth.py) ]];
  then export AIRFLOW__API__AUTH_BACKEND=airflow.api.auth.backend.basic_auth ;
  else export AIRFLOW__API__AUTH_BACKEND=airflow.api.auth.backend.default ; fi &&
{ airflow users create "$@" || airflow create_user "$@" ; } &&
{ airflow sync-perm || true ;} &&
airflow webserver
"""

ADMIN = "-r Admin -u admin -e admin@example.com -f admin -l user -p admin".split()

INTEGRITY_TEST = """
from airflow.models import DagBag


def test_no_import_errors():
    bag = DagBag(include_examples=False)
    assert bag.import_errors == {}
    assert list(bag.dags) == ["greeting"]
"""


def variables(url: str) -> Dict[str, str]:
    """What the CLI gives to the scheduler and the webserver."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__WEBSERVER__RBAC": "True",
        "ASTRONOMER_ENVIRONMENT": "local",
    }


def api(webserver: Container, path: str, *options: str) -> str:
    """What a path of the webserver answers; empty where it does not yet."""
    url = f"http://127.0.0.1:8080{path}"
    return webserver.exec(["curl", "--silent", "--fail", *options, url]).stdout


@pytest.fixture(scope="module")
def started(
    engine: Engine, runtime_image: str, postgres: Postgres, migrated: Database
) -> Iterator[Container]:
    """The webserver of a project whose scheduler runs beside it."""
    database = postgres.database(template=migrated.name)
    options: Dict[str, Any] = {
        "network": database.network,
        "environment": variables(database.url),
    }
    webserver_command = ["bash", "-c", WEBSERVER, "--", *ADMIN]
    with (
        engine.start(runtime_image, ["bash", "-c", SCHEDULER], **options),
        engine.start(runtime_image, webserver_command, **options) as webserver,
    ):
        wait_for("the webserver", lambda: api(webserver, "/health"), 300, webserver.logs)
        yield webserver


def test_the_webserver_and_the_scheduler_become_healthy(started: Container) -> None:
    def healthy() -> bool:
        health = json.loads(api(started, "/health"))
        return all(part["status"] == "healthy" for part in health.values())

    wait_for("a healthy scheduler", healthy, 60, started.logs)


def test_the_api_takes_the_cli_s_user(started: Container) -> None:
    assert api(started, "/api/v1/pools") == ""

    pools = json.loads(api(started, "/api/v1/pools", "--user", "admin:admin"))
    assert pools["pools"][0]["name"] == "default_pool"


def test_settings_are_applied_with_airflow_s_own_commands(started: Container) -> None:
    started.exec(["airflow", "variables", "set", "colour", "blue"]).checked()
    started.exec(["airflow", "pools", "set", "small", "2", "for tests"]).checked()
    started.exec(
        ["airflow", "connections", "add", "lake", "--conn-uri", "aws://key:word@"]
    ).checked()

    value = started.exec(["airflow", "variables", "get", "colour"]).checked().stdout
    assert value.splitlines()[-1] == "blue"


def test_pytest_checks_dags_without_a_database(engine: Engine, runtime_image: str) -> None:
    finished = engine.run(
        runtime_image,
        ["pytest", ".astro/test_dag_integrity_default.py"],
        files={
            f"{HOME}/dags/greeting.py": GREETING_DAG,
            f"{HOME}/.astro/test_dag_integrity_default.py": INTEGRITY_TEST,
        },
    )

    assert "1 passed" in finished.checked().stdout


def test_the_triggerer_starts(engine: Engine, runtime_image: str, database: Database) -> None:
    with engine.start(
        runtime_image,
        ["bash", "-c", "(airflow db upgrade || airflow upgradedb) && airflow triggerer"],
        network=database.network,
        environment=variables(database.url),
    ) as triggerer:
        triggerer.wait_for_log("Starting the triggerer", seconds=120)
