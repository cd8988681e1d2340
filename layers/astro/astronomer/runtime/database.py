"""Questions to the metadata database; all of SQLAlchemy that the entrypoint uses is here.

Each function imports SQLAlchemy itself (from 1.3.24, which Airflow 2.2.4 has), so that a command
without a database never pays for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

NO_SOCKET = "nothing listens on its local socket"

# Server messages mostly name the user or the database: what is shown to people is ours.
_REASONS = (
    ("Connection refused", "connection refused"),
    ("could not translate host name", "the name of the host is not known"),
    ("timeout expired", "no answer"),
    (
        "starting up|shutting down|recovery mode|not yet accepting",
        "it is not ready yet",
    ),
    (
        "authentication failed|no password supplied|role .* does not exist|no pg_hba.conf entry",
        "it refuses the login",
    ),
    ("database .* does not exist", "it has no database of the name in the URL"),
    ("too many clients|remaining connection slots", "all its connections are in use"),
    ("No such file or directory", NO_SOCKET),
    (
        "session is (not )?read-only|in hot standby|cannot make connection read-write",
        "it is another kind of server than `target_session_attrs` asks for",
    ),
)

# Of libpq, which tells it as it tells that a server is down. Source: its fe-connect.c.
_WRONG_OPTIONS = (
    (
        "invalid port number|could not match .* port",
        "hosts and ports do not belong together; write them as `host=a,b&port=1,2`",
    ),
    ("definition of service .* not found|service file .* not found", "there is no such service"),
    ("syntax error in service file", "the file of services is wrong"),
    ("invalid integer value .* for connection option", "a value is not a number"),
    ("invalid .* value: ", "it does not know the value of one"),
)

_OF_LIBPQ = ("psycopg2", "psycopg")


class WrongOption(Exception):
    """The driver does not take what the URL or its own variables say; waiting does not change it.

    The text is a few words, and never holds a value.
    """


def refusal(url: str, seconds: int) -> str | None:
    """Why no connection to the database can be made, in a few words, or None when one can.

    None as well when there is no such driver: Airflow may find one where this process does not
    look. `seconds` bounds the connecting to each host, unless the URL does.

    Raises:
        WrongOption: It cannot be tried.
    """
    try:
        from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
    except ImportError:
        return None

    try:
        with _connection(url, seconds):
            return None
    except OperationalError as error:
        text = str(error.orig)
        for pattern, wrong in _WRONG_OPTIONS:
            if re.search(pattern, text):
                raise WrongOption(wrong) from None
        # One for each host that was tried.
        reasons = [reason for pattern, reason in _REASONS if re.search(pattern, text)]
        return ", ".join(reasons) or "it does not accept the connection"
    except ProgrammingError as error:
        option = re.search(r'invalid connection option "(\w+)"', str(error.orig))
        raise WrongOption(f"it knows none named `{option[1]}`" if option else "it is not an option")
    except (TypeError, ValueError):
        raise WrongOption("it holds a character or a value that the driver cannot take") from None
    except (SQLAlchemyError, ImportError):
        return None


def connect_seconds(url: str, default: int, environ: Mapping[str, str]) -> float:
    """How long the driver takes for one host at the most: as the URL or its own variable says."""
    try:
        chosen = driver_arguments(url_of(url)).get("connect_timeout")
        return max(float(chosen or environ.get("PGCONNECT_TIMEOUT") or default), default)
    except Exception:
        # Whatever is wrong with the URL, the driver says it.
        return default


def url_of(url: str) -> Any:
    """The parts of a URL, as SQLAlchemy takes it apart; raises ArgumentError or ValueError."""
    from sqlalchemy.engine.url import make_url  # type: ignore[import]

    # Airflow 2.3 makes the same repair: SQLAlchemy 1.4 knows only the longer name.
    return make_url(re.sub(r"^postgres(\+psycopg2)?://", "postgresql://", url))


def driver_arguments(url: Any) -> dict[str, Any]:
    """What SQLAlchemy gives the driver for a URL, by the driver's own names."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return dict(arguments)


def revisions(url: str, seconds: int) -> tuple[str, ...]:
    """The revisions that Alembic has noted in the database; empty before the first migration.

    Raises whatever SQLAlchemy or the driver raise.
    """
    from sqlalchemy import text  # type: ignore[import]

    with _connection(url, seconds) as connection:
        # Airflow lets Alembic keep this table in the default schema, whatever its own schema is.
        if not connection.dialect.has_table(connection, "alembic_version"):
            return ()
        rows = connection.execute(text("SELECT version_num FROM alembic_version"))
        return tuple(str(row[0]) for row in rows)


def latest_heartbeat(
    url: str,
    job_type: str,
    hostname: str,
    seconds: int,
    schema: str | None = None,
    connect_arguments: Mapping[str, Any] | None = None,
) -> datetime | None:
    """The time of the youngest heartbeat of a host's running jobs, by that host's own clock.

    Args:
        url: The database.
        job_type: As Airflow names it, such as `SchedulerJob`.
        hostname: As Airflow's `hostname_callable` gives it.
        seconds: Bound of the connecting.
        schema: Of Airflow's tables; None for the connection's own.
        connect_arguments: What Airflow gives the driver beside the URL.

    Returns:
        None where the host has no such job. Raises whatever SQLAlchemy or the driver raise.
    """
    from sqlalchemy import text

    with _connection(url, seconds, connect_arguments or {}) as connection:
        if connection.dialect.name == "mysql":
            # It gives times in the session's zone; Airflow sets this one.
            connection.execute(text("SET time_zone = '+00:00'"))
        quote = connection.dialect.identifier_preparer.quote
        question = (
            f"SELECT max(latest_heartbeat) FROM {quote(schema) + '.' if schema else ''}job"
            " WHERE job_type = :job_type AND state = 'running' AND hostname = :hostname"
        )
        found = connection.execute(text(question), {"job_type": job_type, "hostname": hostname})
        latest = found.scalar()
    return None if latest is None else _time(latest)


def _time(value: Any) -> datetime:
    """A time as the database gives it: Postgres with its zone, others as UTC, sqlite as a text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@contextmanager
def _connection(
    url: str, seconds: int, arguments: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[Any]:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool  # type: ignore[import]

    parsed = url_of(url)
    bound = {}
    if parsed.get_backend_name() == "postgresql" and parsed.get_dialect().driver in _OF_LIBPQ:
        is_chosen = "connect_timeout" in parsed.query or "PGCONNECT_TIMEOUT" in os.environ
        bound = {} if is_chosen else {"connect_timeout": seconds}
    engine = create_engine(parsed, poolclass=NullPool, connect_args={**bound, **arguments})
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
