"""What runs locally is what `docs/deploy/compose.yaml` deploys, but for the executor."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
import yaml
from runtime.local import airflow

COMPOSE: Dict[str, Any] = yaml.safe_load(Path("docs/deploy/compose.yaml").read_text())["services"]

ONLY_HERE = {
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL",
    "AIRFLOW__WEBSERVER__WEB_SERVER_HOST",
    "AIRFLOW__WEBSERVER__WEB_SERVER_PORT",
    "AIRFLOW__WEBSERVER__WORKERS",
}
"""Edits are seen soon, and one developer comes by the relay."""


def deployed(component: str) -> Dict[str, Any]:
    found: Dict[str, Any] = COMPOSE["scheduler-1" if component == "scheduler" else component]
    return found


@pytest.mark.parametrize("component", airflow.COMPONENTS)
def test_components_run_and_are_checked_as_deployed(component: str) -> None:
    service = deployed(component)
    assert service["command"] == [*airflow.command(component)]
    assert service["healthcheck"]["test"] == ["CMD", *airflow.health(component)]


def test_the_database_is_checked_as_deployed() -> None:
    service = COMPOSE["postgres"]
    health = airflow.database_health(service["environment"]["POSTGRES_USER"])
    assert service["healthcheck"]["test"] == ["CMD", *health]


def test_tables_and_user_are_made_as_deployed() -> None:
    shell, option, text = COMPOSE["set-up"]["command"]
    assert (shell, option) == ("bash", "-c")
    # Compose reads `$$` as a dollar.
    assert text.replace("$$", "$").split() == airflow.SET_UP.split()


@pytest.mark.parametrize("component", airflow.COMPONENTS)
def test_variables_are_those_deployed(component: str) -> None:
    theirs = {
        name: value
        for name, value in deployed(component)["environment"].items()
        if not name.startswith("AIRFLOW__CELERY__")
    }
    ours = airflow.environment(airflow.Secrets())
    assert set(ours) - ONLY_HERE == set(theirs)
    assert {name: theirs[name] for name in airflow.API} == airflow.API
