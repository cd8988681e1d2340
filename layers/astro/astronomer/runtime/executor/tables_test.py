from __future__ import annotations

import threading
from typing import Any, List

import pytest
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executor import tables
from astronomer.runtime.executor.connection import Database, checked
from astronomer.runtime.testing.postgres import PostgresServer

_OURS = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


def test_tables_are_made_at_first_use_and_removed_without_a_trace(
    postgres: PostgresServer, database: Database, database_name: str
) -> None:
    with database.connected() as connection:
        tables.migrate(connection)
        tables.migrate(connection)
        made = [row[0] for row in postgres.execute(_OURS, database_name)]
        assert made == sorted(tables.TABLES)
        assert all(name.startswith("astronomer_") for name in made)
        tables.drop(connection)
        tables.drop(connection)
    assert postgres.execute(_OURS, database_name) == []


def test_all_who_make_the_tables_at_once_find_them_made(database: Database) -> None:
    errors: List[BaseException] = []

    def make() -> None:
        try:
            with database.connected() as connection:
                tables.migrate(connection)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.connected() as connection:
        assert tables.exist(connection)


def test_tables_of_a_later_release_are_refused(
    postgres: PostgresServer, database_name: str, connection: Any
) -> None:
    postgres.execute("UPDATE astronomer_executor_version SET version = 999", database_name)
    with pytest.raises(ConfigurationError, match="of version 999, and this release knows"):
        tables.migrate(connection)


def test_a_database_that_takes_no_writes_is_refused(database: Database) -> None:
    with database.connected() as connection:
        connection.set_session(readonly=True)
        with pytest.raises(ConfigurationError, match="takes no writes"):
            tables.migrate(connection)


def test_tables_stand_in_the_schema_of_airflow_s(
    postgres: PostgresServer, database_name: str
) -> None:
    postgres.execute("CREATE SCHEMA airflow", database_name)
    with Database(postgres.url(database_name), schema="airflow").connected() as connection:
        tables.migrate(connection)
    found = postgres.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'airflow'", database_name
    )
    assert found == [(len(tables.TABLES),)]


@pytest.mark.parametrize(
    "url, name", [("sqlite:////tmp/a.db", "sqlite"), ("mysql://h/d", "mysql"), ("nonsense", "no")]
)
def test_another_database_is_refused_before_anything_is_opened(url: str, name: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"works with PostgreSQL alone, and .* names {name}"
    ):
        checked(url, None, {})


def test_the_url_is_not_shown() -> None:
    assert "secret" not in repr(Database("postgresql://a:secret@h/d", "", {"password": "secret"}))
