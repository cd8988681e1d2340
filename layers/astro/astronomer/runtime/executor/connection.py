"""Connections to the metadata database, as the executor's parts open them.

They are psycopg2's own: they wait for notifications, hold locks for a session, and belong to
processes that do not import Airflow.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Iterator, Mapping, Optional

from astronomer.runtime.airflow_options import OnlyAirflowReads, Sources
from astronomer.runtime.database import driver_arguments, url_of
from astronomer.runtime.entrypoint.settings import share_connection
from astronomer.runtime.errors import ConfigurationError

OLDEST_POSTGRES = 12

_CONNECT_SECONDS = 5

_STATEMENT_SECONDS = 20.0


@dataclass(frozen=True)
class Database:
    """The metadata database."""

    url: str = field(repr=False)
    """As Airflow gives it to SQLAlchemy."""

    schema: str = ""
    """Of Airflow's tables, and so of ours; empty for the connection's own."""

    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """What Airflow gives the driver beside the URL."""

    def connect(
        self, name: str = "astronomer-runtime executor", seconds: float = _STATEMENT_SECONDS
    ) -> Any:
        """Open a connection of psycopg2's, in which every statement is its own transaction.

        Args:
            name: What the database's list of sessions calls it.
            seconds: Bound of each statement, and of waiting for a server that says nothing.

        Raises:
            psycopg2.Error: It cannot be opened.
        """
        import psycopg2

        given = {**driver_arguments(url_of(self.url)), **self.arguments}
        limits = f"-c statement_timeout={int(seconds * 1000)}"
        chosen = {
            "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", _CONNECT_SECONDS),
            # A peer that is gone without a word is noticed soon, not in the system's two hours.
            "keepalives_idle": max(1, int(seconds / 4)),
            "keepalives_interval": max(1, int(seconds / 8)),
            "keepalives_count": 3,
            "tcp_user_timeout": int(seconds * 1000),
            **given,
            "options": f"{given.get('options', '')} {limits}".strip(),
            "application_name": name,
        }
        connection = psycopg2.connect(**chosen)
        try:
            connection.autocommit = True
            if self.schema:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('search_path', %s, false)", (self.schema,))
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def connected(
        self, name: str = "astronomer-runtime executor", seconds: float = _STATEMENT_SECONDS
    ) -> Iterator[Any]:
        """As `connect`, for a block."""
        connection = self.connect(name, seconds)
        try:
            yield connection
        finally:
            connection.close()


def bound_answers(seconds: float) -> None:
    """Have every wait for an answer of psycopg2's end after so long, in this whole process.

    The driver itself waits for as long as the server's machine takes what is sent, and no signal
    reaches Python meanwhile. A connection whose answer did not come is closed.
    """
    import psycopg2
    from psycopg2 import extensions

    def wait(connection: Any) -> None:
        deadline = time.monotonic() + seconds
        while True:
            state = connection.poll()
            if state == extensions.POLL_OK:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise psycopg2.OperationalError("no answer in time")
            number = connection.fileno()
            if state == extensions.POLL_READ:
                select.select([number], [], [], left)
            else:
                select.select([], [number], [], left)

    extensions.set_wait_callback(wait)


@contextmanager
def transaction(connection: Any) -> Iterator[Any]:
    """A cursor whose statements are made together, or none of them, at the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            if not connection.closed:
                cursor.execute("ROLLBACK")
            raise


def of_environment(environ: Mapping[str, str]) -> Database:
    """The database that these variables, or `airflow.cfg`, name.

    Raises:
        ConfigurationError: It is none that the executor works with.
    """
    from astronomer.runtime.health.project_code import load

    shared = dict(environ)
    share_connection(shared)
    sources = Sources(shared)
    try:
        url = sources.value("database", "sql_alchemy_conn")
    except OnlyAirflowReads:
        return _of_airflow()
    path = sources.value("database", "sql_alchemy_connect_args")
    arguments = load(path, sources) if path else {}
    return checked(url, sources.value("database", "sql_alchemy_schema"), arguments)


def checked(url: str, schema: Optional[str], arguments: Mapping[str, Any]) -> Database:
    """The database with this URL.

    Raises:
        ConfigurationError: It is not of Postgres.
    """
    from sqlalchemy.exc import ArgumentError  # type: ignore[import]

    try:
        name = url_of(url).get_backend_name()
    except (ArgumentError, ValueError):
        name = "no URL"
    if name != "postgresql":
        raise ConfigurationError(
            "the Runtime executor works with PostgreSQL alone, and"
            f" AIRFLOW__DATABASE__SQL_ALCHEMY_CONN names {name}; name a database of PostgreSQL"
            f" {OLDEST_POSTGRES} or later, or set ASTRONOMER_RUNTIME_EXECUTOR to False."
        )
    return Database(url, schema or "", arguments)


def _of_airflow() -> Database:
    # A secrets backend, which only Airflow can ask.
    from airflow import settings

    if settings.SQL_ALCHEMY_CONN is None:
        raise ConfigurationError("Airflow has no AIRFLOW__DATABASE__SQL_ALCHEMY_CONN; set it.")
    from airflow.configuration import conf

    section = "database" if conf.has_option("database", "sql_alchemy_conn") else "core"
    schema = conf.get(section, "sql_alchemy_schema", fallback="")
    arguments = conf.getimport(section, "sql_alchemy_connect_args", fallback=None) or {}
    return checked(settings.SQL_ALCHEMY_CONN, schema, arguments)
