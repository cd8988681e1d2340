"""A Postgres for the session, and a database with our tables for each test."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.testing.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server; tests leave it as they find it."""
    server = PostgresServer()
    yield server
    server.remove()


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
    """A connection to a database with our tables."""
    from astronomer.runtime.executor import tables

    with database.connected() as made:
        tables.migrate(made)
        yield made
