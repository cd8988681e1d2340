"""A runner's row in the database: its lease, which it renews by the database's clock alone."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Sequence, Tuple, Union

from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executor import channels


@dataclass(frozen=True)
class Capacity:
    """What a runner has for tasks."""

    cpu_millis: int
    memory_bytes: int
    slots: int


@dataclass(frozen=True)
class Identity:
    """What a runner is to others."""

    name: str
    """Unlike those of all runners that live."""

    queues: Tuple[str, ...]
    version: str
    capacity: Capacity
    lease_seconds: float


@dataclass(frozen=True)
class Namesake:
    """Another runner, of the same name, whose lease has not ended."""

    host: str
    lease_until: datetime
    """By the database's clock."""


def register(cursor: Any, identity: Identity) -> Union[int, Namesake]:
    """Be a runner from now on.

    Returns:
        The number of this life of it, or the runner that has the name for as long as its lease.
    """
    cursor.execute(
        """
        UPDATE astronomer_runner SET state = 'ended', ended_at = now(),
            end_reason = 'it did not renew its lease'
        WHERE name = %s AND state <> 'ended' AND lease_until < now()
        """,
        (identity.name,),
    )
    capacity = identity.capacity
    cursor.execute(
        """
        INSERT INTO astronomer_runner (name, queues, cpu_millis, memory_bytes, slots,
            version, host, lease_seconds, lease_until)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))
        ON CONFLICT (name) WHERE state <> 'ended' DO NOTHING RETURNING id
        """,
        (
            identity.name,
            list(identity.queues),
            capacity.cpu_millis,
            capacity.memory_bytes,
            capacity.slots,
            identity.version,
            socket.gethostname(),
            identity.lease_seconds,
            identity.lease_seconds,
        ),
    )
    row = cursor.fetchone()
    if row:
        channels.notify(cursor, channels.ALLOCATOR)
        return int(row[0])
    cursor.execute(
        "SELECT host, lease_until FROM astronomer_runner WHERE name = %s AND state <> 'ended'",
        (identity.name,),
    )
    row = cursor.fetchone()
    # Gone in this very moment: the next try succeeds.
    return Namesake(*row) if row else Namesake("", datetime.min.replace(tzinfo=timezone.utc))


def renew(cursor: Any, number: int) -> bool:
    """Renew the lease; False where it has ended, and others may have the runner's tasks."""
    cursor.execute(
        """
        UPDATE astronomer_runner SET lease_until = now() + make_interval(secs => lease_seconds)
        WHERE id = %s AND state <> 'ended' AND lease_until > now()
        """,
        (number,),
    )
    return bool(cursor.rowcount)


def drain(cursor: Any, number: int) -> None:
    """Take no more tasks; what has not begun goes to others."""
    cursor.execute(
        "UPDATE astronomer_runner SET state = 'draining' WHERE id = %s AND state = 'active'",
        (number,),
    )
    channels.notify(cursor, channels.ALLOCATOR)


def end(cursor: Any, number: int, reason: str) -> None:
    """Be no runner any more.

    Args:
        cursor: Of any connection.
        number: As `register` returned it.
        reason: For people, as in "its runner ended: it was told to".
    """
    cursor.execute(
        """
        UPDATE astronomer_runner SET state = 'ended', ended_at = now(), end_reason = %s
        WHERE id = %s AND state <> 'ended'
        """,
        (reason, number),
    )
    channels.notify(cursor, channels.ALLOCATOR)


def parse_queues(text: str) -> Sequence[str]:
    """The names in a list that commas part; raises ConfigurationError where there is none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ConfigurationError("--queues names no queue; name some, parted by commas.")
    return list(dict.fromkeys(names))
