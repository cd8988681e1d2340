"""Airflow as a developer has it: LocalExecutor, Postgres, a password that nobody else knows.

Commands, health checks and settings of the API are those of `docs/deploy/compose.yaml`, and a test
compares them.
"""

from __future__ import annotations

import base64
import secrets
from typing import Dict, Tuple

COMPONENTS = ("webserver", "scheduler", "triggerer")
"""Each in a container of its own."""

HOME = "/usr/local/airflow"
PORT = 8080
USER = "admin"

DATABASE_USER = "postgres"

SET_UP = (
    f"airflow db upgrade && airflow users create --role Admin --username {USER}"
    # Not a word of its own, which could begin with a dash.
    ' "--password=$ADMIN_PASSWORD" --firstname Airflow --lastname Admin --email admin@localhost'
)
"""For a shell: makes the tables, and the user."""

_BASIC_AUTH = "airflow.api.auth.backend.basic_auth"

API = {
    # For scripts, by name and password; Airflow's own default is its pages alone. The older
    # variable is Airflow 2.2's.
    "AIRFLOW__API__AUTH_BACKEND": _BASIC_AUTH,
    "AIRFLOW__API__AUTH_BACKENDS": f"{_BASIC_AUTH},airflow.api.auth.backend.session",
}
"""Variables of whatever serves the API."""


def command(component: str) -> Tuple[str, ...]:
    """What the container of a component runs."""
    return ("airflow", component)


def database_health(user: str) -> Tuple[str, ...]:
    """What fails in the container of a database that does not serve a user."""
    return ("pg_isready", "--host=127.0.0.1", f"--username={user}", "--quiet")


def health(component: str) -> Tuple[str, ...]:
    """What fails in the container of a component that is not healthy."""
    return ("astronomer-runtime", "health", component)


class Secrets:
    """Made anew for each run, and kept nowhere but in its containers."""

    def __init__(self) -> None:
        self.database = secrets.token_urlsafe(16)
        self.admin = secrets.token_urlsafe(12)
        self.session = secrets.token_urlsafe(32)
        self.fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def environment(made: Secrets) -> Dict[str, str]:
    """Variables of all of Airflow's containers, which share the network of the database's."""
    url = f"postgresql://{DATABASE_USER}:{made.database}@127.0.0.1:5432/{DATABASE_USER}"
    return {
        **API,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": made.fernet,
        # An edit of a DAG, and a new file, are seen within seconds.
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__WEBSERVER__SECRET_KEY": made.session,
        # The relay beside it is the only one that connects.
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(PORT),
        # One is ready sooner than two after an edit, and a developer is one user.
        "AIRFLOW__WEBSERVER__WORKERS": "1",
    }
