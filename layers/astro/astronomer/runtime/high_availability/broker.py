"""Connections of our own to Redis, beside those that Celery works with; no wait on them is long."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, Iterator

SOCKET_SECONDS = 5.0
"""How long to wait for a connection, and for each piece of an answer."""


def is_redis(connection: Any) -> bool:
    """Whether kombu keeps messages in Redis, found directly or by Sentinel; connects to nothing."""
    return bool(connection.transport.driver_type == "redis")


@contextmanager
def bounded(connection: Any) -> Iterator[Any]:
    """A new connection with the same settings, open for the block.

    Each alternative of the broker's URL is tried once.

    Args:
        connection: kombu's, to Redis.

    Raises:
        kombu.exceptions.OperationalError: None of them answers.
    """
    bounds = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS}
    own = connection.clone(transport_options={**connection.transport_options, **bounds})
    with own:
        own.ensure_connection(max_retries=max(len(own.alt) - 1, 0), interval_start=0)
        yield own


class Redis:
    """Redis as a channel sees it, for commands and keys that kombu does not prefix by itself."""

    def __init__(self, channel: Any) -> None:
        """Share the channel's connections.

        Args:
            channel: kombu's, to Redis.
        """
        import redis

        self.client: Any = redis.Redis(connection_pool=channel.pool)
        self._prefix: str = channel.global_keyprefix or ""

    def key(self, name: str) -> str:
        """The full name of one of kombu's keys."""
        return f"{self._prefix}{name}"

    def now(self) -> float:
        """Seconds since 1970 by Redis' clock, or by ours where Redis does not tell."""
        return server_time(self.client)


def server_time(client: Any) -> float:
    """Seconds since 1970 by Redis' clock, or by ours where Redis does not tell.

    Args:
        client: A client of package `redis`.
    """
    from redis.exceptions import ResponseError

    try:
        seconds, microseconds = client.time()
    except ResponseError:
        # Some accounts may not use the command, and some proxies do not know it.
        return time.time()
    return float(seconds) + float(microseconds) / 1e6
