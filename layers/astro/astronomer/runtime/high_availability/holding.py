"""A worker tells the broker, again and again, that it still has its messages.

With Redis, kombu keeps what was taken and not yet acknowledged in a hash, and the time of taking in
a sorted set; whatever is older than the visibility timeout is given to somebody else. Airflow
acknowledges a task at its end, so without this a long task would be given away while it runs.
Source: `QoS` in kombu/transport/redis.py; bootsteps in Celery's guide, "Extensions and Bootsteps".
"""

from __future__ import annotations

import time
from typing import Any, Iterable, List, Optional

from celery import bootsteps
from celery.utils.log import get_logger
from celery.worker import state

BEATS = 4
"""Beats in a visibility timeout, so that some of them may fail."""

log = get_logger(__name__)


class MessageHolder(bootsteps.StartStopStep):
    """The part of a worker's consumer that holds its messages; started anew at each connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        """Prepare; as Celery makes every step."""
        super().__init__(consumer, **kwargs)
        self._timer: Optional[Any] = None

    def start(self, parent: Any) -> None:
        """Begin to beat, where the broker is one that gives messages away."""
        channel = parent.task_consumer.channel
        timeout = getattr(channel, "visibility_timeout", None)
        if not timeout or not hasattr(channel, "unacked_index_key"):
            return
        self.stop(parent)
        self._timer = parent.timer.call_repeatedly(float(timeout) / BEATS, self._beat, (channel,))

    def stop(self, parent: Any) -> None:
        """Stop beating."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self, channel: Any) -> None:
        try:
            # At each new connection Celery forgets what is reserved, not what runs.
            tags = held_tags({*state.reserved_requests, *state.active_requests})
            if tags:
                hold(channel, tags)
            # kombu looks for messages of the dead only every 100 seconds.
            channel.qos.restore_visible(num=channel.unacked_restore_limit, interval=1)
        except Exception as error:
            # The connection's own care is the consumer's, which starts this step again.
            log.warning("The messages of this worker were not refreshed: %r", error)


def held_tags(requests: Iterable[Any]) -> List[str]:
    """The delivery tags of what a worker has taken and not yet acknowledged."""
    return [request.message.delivery_tag for request in list(requests) if request.message]


def hold(channel: Any, tags: List[str]) -> None:
    """Make the messages as young as if they had just been taken.

    Those that were acknowledged or given away meanwhile stay so.
    """
    now = time.time()
    with channel.conn_or_acquire() as client:
        client.zadd(channel.unacked_index_key, {tag: now for tag in tags}, xx=True)
