"""Questions to the metadata database; all of SQLAlchemy that the entrypoint uses is here.

Each function imports SQLAlchemy itself (from 1.3.24, which Airflow 2.2.4 has), so that a command
without a database never pays for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

# Server messages mostly name the user or the database: what is shown to people is ours.
_REASONS = (
    ("Connection refused", "connection refused"),
    ("could not translate host name", "the name of the host is not known"),
    ("timeout expired", "no answer"),
    ("starting up|shutting down|recovery mode|not yet accepting", "it is not ready yet"),
    (
        "authentication failed|no password supplied|role .* does not exist|no pg_hba.conf entry",
        "it refuses the login",
    ),
    ("database .* does not exist", "it has no database of the name in the URL"),
    ("too many clients|remaining connection slots", "all its connections are in use"),
    ("No such file or directory", "nothing listens on its local socket"),
)


def refusal(url: str, seconds: int) -> str | None:
    """Why no connection to the database can be made, in a few words, or None when one can.

    None as well when the URL or its driver is at fault: Airflow says that better, and waiting
    does not change it. `seconds` bounds the connecting.
    """
    try:
        from sqlalchemy.exc import OperationalError, SQLAlchemyError  # type: ignore[import]
    except ImportError:
        return None

    try:
        with _connection(url, seconds):
            return None
    except OperationalError as error:
        text = str(error.orig)
        for pattern, reason in _REASONS:
            if re.search(pattern, text):
                return reason
        return "it does not accept the connection"
    except (SQLAlchemyError, ImportError, TypeError, ValueError):
        return None


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


def seconds_since_heartbeat(url: str, job_type: str, hostname: str, seconds: int) -> float | None:
    """The age of the youngest heartbeat of a host's running job, by the database's own clock.

    Args:
        url: The database.
        job_type: As Airflow names it, such as `SchedulerJob`.
        hostname: As Airflow's `hostname_callable` gives it.
        seconds: Bound of the connecting.

    Returns:
        None where the host has no such job. Raises whatever SQLAlchemy or the driver raise.
    """
    from sqlalchemy import text

    question = (
        "SELECT max(latest_heartbeat), CURRENT_TIMESTAMP FROM job"
        " WHERE job_type = :job_type AND state = 'running' AND hostname = :hostname"
    )
    with _connection(url, seconds) as connection:
        found = connection.execute(text(question), {"job_type": job_type, "hostname": hostname})
        latest, now = found.fetchone()
    return None if latest is None else (_time(now) - _time(latest)).total_seconds()


def _time(value: Any) -> datetime:
    """A time as the database gives it: Postgres with its zone, others as UTC, sqlite as a text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@contextmanager
def _connection(url: str, seconds: int) -> Iterator[Any]:
    from sqlalchemy import create_engine
    from sqlalchemy.engine.url import make_url  # type: ignore[import]
    from sqlalchemy.pool import NullPool  # type: ignore[import]

    # Airflow 2.3 makes the same repair: SQLAlchemy 1.4 knows only the longer name.
    repaired = make_url(re.sub(r"^postgres(\+psycopg2)?://", "postgresql://", url))
    psycopg2 = repaired.get_dialect().driver == "psycopg2"
    engine = create_engine(
        repaired,
        poolclass=NullPool,
        connect_args={"connect_timeout": seconds} if psycopg2 else {},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
