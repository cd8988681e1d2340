"""A Postgres for the session; databases with Airflow's tables and ours for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.logging.conftest import machine, s3  # noqa: F401
from astronomer.runtime.testing.postgres import PostgresServer


@pytest.fixture
def database_name(postgres: PostgresServer) -> str:
    """A database of the test's own, without tables."""
    return postgres.database()


@pytest.fixture
def database(postgres: PostgresServer, database_name: str) -> Database:
    """The same, as the executor connects to it."""
    return Database(postgres.url(database_name))


@pytest.fixture
def connection(database: Database) -> Iterator[Any]:
    """A connection to a database with our tables alone."""
    from astronomer.runtime.executor import tables

    with database.connected() as made:
        tables.migrate(made)
        yield made


def airflow_environment(url: str, home: Path) -> Dict[str, str]:
    """The variables of an Airflow in a process of its own, with our executor."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__EXECUTOR": "astronomer.runtime.executor.airflow_executor.RuntimeExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "astronomer.runtime.logging.logging_config",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))),
    }


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with Airflow's tables and ours, for tests to copy."""
    from astronomer.runtime.executor import tables

    name, home = postgres.database(), tmp_path_factory.mktemp("airflow")
    environ = airflow_environment(postgres.url(name), home)
    environ["AIRFLOW__CORE__EXECUTOR"] = "LocalExecutor"
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "init"],
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with Database(postgres.url(name)).connected() as made:
        tables.migrate(made)
    return name


@pytest.fixture
def deployment(postgres: PostgresServer, migrated: str) -> Database:
    """A database with Airflow's tables and ours."""
    return Database(postgres.url(postgres.database(migrated)))


@pytest.fixture
def sql(deployment: Database) -> Iterator[Callable[..., Any]]:
    """Runs a statement with values in that database; returns its rows."""
    with deployment.connected() as made:

        def run(statement: str, *values: Any) -> Any:
            with made.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []

        yield run
