from __future__ import annotations

import os
import socket
from typing import Any, Dict

import pytest
from astronomer.runtime.executor import tables
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.health.runner import check_runner
from astronomer.runtime.testing.allocations import add_runner
from astronomer.runtime.testing.postgres import PostgresServer


@pytest.fixture
def database(postgres: PostgresServer) -> Database:
    found = Database(postgres.url(postgres.database()))
    with found.connected() as connection:
        tables.migrate(connection)
    return found


def environ(database: Database) -> Dict[str, str]:
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url}


def add(database: Database, columns: str = "") -> None:
    with database.connected() as connection, connection.cursor() as cursor:

        def sql(statement: str, *values: Any) -> Any:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

        number = add_runner(sql, "mine")
        sql("UPDATE astronomer_runner SET host = %s WHERE id = %s", socket.gethostname(), number)
        if columns:
            sql(f"UPDATE astronomer_runner SET {columns}")


def test_one_with_a_lease_is_healthy(database: Database) -> None:
    add(database)
    found = check_runner(environ(database), 10, os.getpid())
    assert found.healthy and "mine takes tasks" in found.reason


@pytest.mark.parametrize(
    "columns, reason, outside",
    [
        ("lease_until = now() - interval '9 seconds'", "the lease of mine ended 9 s ago", False),
        ("state = 'draining'", "mine finishes what it runs and takes no more tasks", True),
        ("host = 'elsewhere'", f"no runner of host {socket.gethostname()} is in", False),
        ("state = 'ended'", f"no runner of host {socket.gethostname()} is in", False),
    ],
)
def test_one_that_takes_no_tasks_is_not(
    database: Database, columns: str, reason: str, outside: bool
) -> None:
    add(database, columns)
    found = check_runner(environ(database), 10)
    assert not found.healthy and found.reason.startswith(reason)
    assert found.outside is outside


def test_a_database_that_is_away_is_not_its_fault(free_port: int) -> None:
    url = f"postgresql://airflow@127.0.0.1:{free_port}/airflow"
    found = check_runner(environ(Database(url)), 10, os.getpid())
    assert not found.healthy and found.outside
    assert found.reason == "the database cannot be asked (OperationalError)"
