"""By which the executor's processes wake each other: Postgres' NOTIFY.

A notification only saves waiting: all who listen also look now and then.
"""

from __future__ import annotations

from typing import Any

ALLOCATOR = "astronomer_allocator"
"""Something waits for a runner, or a runner has room."""


def runner(number: int) -> str:
    """The channel on which a runner hears of its tasks."""
    return f"astronomer_runner_{number}"


def listen(connection: Any, channel: str) -> None:
    """Have notifications sent to this connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {channel}")


def notify(cursor: Any, channel: str) -> None:
    """Wake whoever listens, when the transaction is committed."""
    cursor.execute("SELECT pg_notify(%s, '')", (channel,))


def forget_notifications(connection: Any) -> None:
    """Take in what has come; several at once mean the same as one.

    Raises:
        psycopg2.Error: The connection is gone.
    """
    connection.poll()
    connection.notifies.clear()
