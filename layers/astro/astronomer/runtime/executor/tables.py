"""The executor's own tables, beside Airflow's and in the same schema."""

from __future__ import annotations

from typing import Any

from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executor.connection import OLDEST_POSTGRES, transaction

MIGRATION_LOCK = 0x4153_5452_4F01
"""Advisory lock of whoever makes or changes the tables."""

_VERSION_TABLE = "astronomer_executor_version"

# Each is applied once, in this order, and never changed after its release.
_MIGRATIONS = (
    """
    CREATE TABLE astronomer_runner (
        id bigserial PRIMARY KEY,
        name text NOT NULL,
        queues text[] NOT NULL,
        cpu_millis integer NOT NULL,
        memory_bytes bigint NOT NULL,
        slots integer NOT NULL,
        state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'draining', 'ended')),
        version text NOT NULL,
        host text NOT NULL,
        lease_seconds double precision NOT NULL,
        lease_until timestamptz NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        end_reason text NOT NULL DEFAULT ''
    );
    CREATE UNIQUE INDEX astronomer_runner_name ON astronomer_runner (name) WHERE state <> 'ended';

    CREATE TABLE astronomer_allocation (
        id bigserial PRIMARY KEY,
        dag_id text NOT NULL,
        task_id text NOT NULL,
        run_id text NOT NULL,
        map_index integer NOT NULL,
        try_number integer NOT NULL,
        owner text NOT NULL,
        command text[] NOT NULL,
        queue text NOT NULL,
        priority integer NOT NULL,
        cpu_millis integer NOT NULL,
        memory_bytes bigint NOT NULL,
        slots integer NOT NULL,
        state text NOT NULL DEFAULT 'unassigned'
            CHECK (state IN ('unassigned', 'assigned', 'running', 'completed')),
        runner_id bigint REFERENCES astronomer_runner (id),
        reason text NOT NULL DEFAULT '',
        queued_at timestamptz NOT NULL DEFAULT now(),
        assigned_at timestamptz,
        started_at timestamptz,
        ended_at timestamptz,
        succeeded boolean,
        exit_code integer,
        signal integer,
        peak_memory_bytes bigint,
        cpu_seconds double precision,
        reported boolean NOT NULL DEFAULT false,
        CHECK ((runner_id IS NOT NULL) OR state IN ('unassigned', 'completed')),
        CHECK ((succeeded IS NOT NULL) = (state = 'completed'))
    );
    CREATE UNIQUE INDEX astronomer_allocation_waiting ON astronomer_allocation
        (dag_id, run_id, task_id, map_index, try_number) WHERE state = 'unassigned';
    CREATE UNIQUE INDEX astronomer_allocation_placed ON astronomer_allocation
        (dag_id, run_id, task_id, map_index, try_number) WHERE state IN ('assigned', 'running');
    CREATE INDEX astronomer_allocation_runner ON astronomer_allocation (runner_id)
        WHERE state IN ('assigned', 'running');
    CREATE INDEX astronomer_allocation_unreported ON astronomer_allocation (owner)
        WHERE state = 'completed' AND NOT reported;
    CREATE INDEX astronomer_allocation_ended ON astronomer_allocation (ended_at)
        WHERE state = 'completed';

    CREATE TABLE astronomer_task_peak (
        dag_id text NOT NULL,
        task_id text NOT NULL,
        ended_at timestamptz NOT NULL,
        allocation_id bigint PRIMARY KEY,
        peak_memory_bytes bigint NOT NULL,
        cpu_seconds double precision NOT NULL,
        wall_seconds double precision NOT NULL,
        cpu_millis integer NOT NULL,
        memory_bytes bigint NOT NULL
    );
    CREATE INDEX astronomer_task_peak_ended ON astronomer_task_peak (ended_at);

    CREATE TABLE astronomer_allocator (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        passed_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO astronomer_allocator DEFAULT VALUES;
    """,
)

VERSION = len(_MIGRATIONS)
"""The version of the tables that this code works with."""

TABLES = (
    "astronomer_task_peak",
    "astronomer_allocation",
    "astronomer_runner",
    "astronomer_allocator",
    _VERSION_TABLE,
)
"""All of ours, each after those that refer to it."""


def migrate(connection: Any) -> None:
    """Make the tables, or bring those of an earlier release up to date; one process at a time.

    Args:
        connection: As `Database.connect` opens it.

    Raises:
        ConfigurationError: The server is too old or takes no writes, or the tables are of a later
            release.
        psycopg2.Error: The database fails otherwise.
    """
    if connection.server_version < OLDEST_POSTGRES * 10_000:
        raise ConfigurationError(
            f"the Runtime executor needs PostgreSQL {OLDEST_POSTGRES} or later, and the metadata"
            f" database is {connection.server_version // 10_000}; upgrade it, or set"
            " ASTRONOMER_RUNTIME_EXECUTOR to False."
        )
    with connection.cursor() as cursor:
        if _version(cursor) == VERSION:
            return
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone()[0] == "on":
            raise ConfigurationError(
                "the metadata database takes no writes, so the Runtime executor cannot make its"
                " tables there; name the server that does."
            )
    with transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        found = _version(cursor)
        if found > VERSION:
            raise ConfigurationError(
                f"the Runtime executor's tables are of version {found}, and this release knows"
                f" {VERSION}; use the later release, or run `astronomer-runtime executor drop`"
                " while nothing runs."
            )
        if not found:
            cursor.execute(f"CREATE TABLE {_VERSION_TABLE} (version integer NOT NULL)")
            cursor.execute(f"INSERT INTO {_VERSION_TABLE} VALUES (0)")
        for statements in _MIGRATIONS[found:]:
            cursor.execute(statements)
        cursor.execute(f"UPDATE {_VERSION_TABLE} SET version = %s", (VERSION,))


def exist(connection: Any) -> bool:
    """Whether the tables are there, in any version."""
    with connection.cursor() as cursor:
        return bool(_version(cursor))


def drop(connection: Any) -> None:
    """Remove all of them; nothing happens where there are none."""
    with transaction(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def _version(cursor: Any) -> int:
    # Not by `to_regclass`, which answers from the session's memory where another session has just
    # made the table.
    cursor.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = %s",
        (_VERSION_TABLE,),
    )
    if cursor.fetchone() is None:
        return 0
    cursor.execute(f"SELECT version FROM {_VERSION_TABLE}")
    return int(cursor.fetchone()[0])
