"""A worker tells the broker, again and again, that it still has its messages, and gives back those
of workers that are not heard of.

With Redis, kombu keeps what was taken and not yet acknowledged in a hash, and the time of taking in
a sorted set; whatever is older than the visibility timeout is given to somebody else. Airflow
acknowledges a task at its end, so without this a long task would be given away while it runs. All
times are Redis' own: the clocks of two workers may differ by more than the timeout.
Source: `QoS` in kombu/transport/redis.py; bootsteps in Celery's guide, "Extensions and Bootsteps".
"""

from __future__ import annotations

import threading
import time
from typing import Any, Iterable, List, Optional, Set

from astronomer.runtime.component import ENDING
from astronomer.runtime.high_availability.broker import Redis, bounded, server_time
from celery import bootsteps
from celery.utils.log import get_logger
from celery.worker import state
from kombu.transport import redis as transport
from kombu.transport import virtual
from kombu.utils.json import dumps

BEATS = 4
"""Beats in a visibility timeout, so that some of them may fail."""

_PATIENCE_BEATS = 2
"""Beats that the others get, after Redis was away, before they count as dead."""

_MOST_RESTORED = 1000
"""Messages that one beat gives back."""

log = get_logger(__name__)


class MessageHolder(bootsteps.StartStopStep):
    """The part of a worker that holds its messages, from its first connection to its end."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        """Prepare; as Celery makes every step."""
        super().__init__(consumer, **kwargs)
        self._beats: Optional[Beats] = None

    def start(self, parent: Any) -> None:
        """Begin to beat, where the broker is one that gives messages away."""
        channel = parent.task_consumer.channel
        if not isinstance(getattr(channel, "qos", None), ServerClockQoS):
            return
        if self._beats is None:
            self._beats = Beats(parent.connection, float(channel.visibility_timeout))
            self._beats.start()
        # As it is now: one with several brokers may have changed to another.
        self._beats.connection = parent.connection

    def stop(self, parent: Any) -> None:
        """Go on: the connection may come again, and at the worker's end tasks still run."""
        if parent.blueprint.state != bootsteps.CLOSE:
            return
        if self._beats is not None:
            self._beats.is_ending = True
        # For whoever looks at the process: it answers no questions by way of the broker now.
        set_status = getattr(parent.controller, "set_process_status", None)
        if set_status:
            set_status(ENDING)

    def shutdown(self, parent: Any) -> None:
        """Stop beating: no task runs any more, and the connection is about to be closed."""
        if self._beats is not None:
            self._beats.end()


class Beats:
    """Holds what this worker has, four times in a visibility timeout."""

    def __init__(self, connection: Any, timeout: float) -> None:
        """Prepare.

        Args:
            connection: kombu's, to the broker that the worker uses.
            timeout: The visibility timeout, in seconds.
        """
        self.connection = connection

        self.is_ending = False
        """Whether the worker finishes what runs and takes no more."""

        self._timeout = timeout
        self._held: Set[str] = set()
        self._good_beats = 0
        self._said = ""
        self._ended = threading.Event()
        # A thread, since the event loop stands still while the worker ends, and with a pool of
        # one. To Celery, which then looks for the reason of a signal at the next turn of its event
        # loop, threads of this name do not count (`active_thread_count` in celery/apps/worker.py).
        self._thread = threading.Thread(target=self._run, name="Dummy-holder", daemon=True)

    def start(self) -> None:
        """Beat from now on."""
        self._thread.start()

    def end(self) -> None:
        """Beat no more."""
        self._ended.set()

    def _run(self) -> None:
        pause = self._timeout / BEATS
        while not self._ended.is_set():
            try:
                self._beat_by(self.connection, pause)
            except Exception as error:
                self._good_beats = 0
                # The connection's own care is the consumer's.
                self._say(f"{type(error).__name__}")
            self._ended.wait(pause / BEATS)

    def _beat_by(self, used: Any, pause: float) -> None:
        """Beat until the worker uses another connection, or an error comes."""
        with bounded(used) as connection:
            channel = connection.default_channel
            while used is self.connection and not self._ended.is_set():
                self._beat(channel)
                self._say("")
                self._ended.wait(pause)

    def _beat(self, channel: Any) -> None:
        redis = Redis(channel)
        now = redis.now()
        # At each new connection Celery forgets what is reserved, not what runs. What has ended
        # while the worker ends is acknowledged with the last one.
        running = set(held_tags(state.active_requests))
        self._held = self._held | running if self.is_ending else running
        tags = self._held | set(held_tags(state.reserved_requests))
        if tags:
            # Those that were acknowledged or given away meanwhile stay so.
            key = redis.key(channel.unacked_index_key)
            redis.client.zadd(key, {tag: now for tag in tags}, xx=True)
        self._good_beats += 1
        # After Redis was away, all times are old, and the others need a moment to say that they
        # live.
        if self._good_beats > _PATIENCE_BEATS:
            restore_overdue(channel, now - self._timeout, self._timeout / BEATS)

    def _say(self, failure: str) -> None:
        if failure and failure != self._said:
            log.warning("The messages of this worker are not refreshed: %s", failure)
        if self._said and not failure:
            log.warning("The messages of this worker are refreshed again.")
        self._said = failure


class ServerClockQoS(transport.QoS):  # type: ignore[misc]
    """kombu's book of messages that were taken, with Redis' clock in place of the worker's."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note that a message was taken; the same as kombu's, but for the time."""
        delivery = message.delivery_info
        taken = dumps([message._raw, delivery["exchange"], delivery["routing_key"]])
        with self.channel.conn_or_acquire() as client:
            now = server_time(client)
            client.pipeline().zadd(self.unacked_index_key, {delivery_tag: now}).hset(
                self.unacked_key, delivery_tag, taken
            ).execute()
        virtual.QoS.append(self, message, delivery_tag)

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the worker's `Beats` give back what is overdue, and not by its event loop."""


def held_tags(requests: Iterable[Any]) -> List[str]:
    """The delivery tags of what a worker has taken and not yet acknowledged.

    Args:
        requests: One of Celery's sets, which the event loop may change meanwhile.
    """
    while True:
        try:
            found = list(requests)
        except RuntimeError:
            time.sleep(0)
            continue
        return [request.message.delivery_tag for request in found if request.message]


def restore_overdue(channel: Any, before: float, seconds: float) -> None:
    """Give back what was taken, and not refreshed since; the oldest first.

    Args:
        channel: kombu's, to Redis.
        before: Seconds since 1970, by Redis' clock.
        seconds: How long no other worker does the same.
    """
    redis = Redis(channel)
    try:
        with transport.Mutex(redis.client, redis.key(channel.unacked_mutex_key), seconds):
            tags = redis.client.zrangebyscore(
                redis.key(channel.unacked_index_key), 0, before, start=0, num=_MOST_RESTORED
            )
            for tag in tags:
                _restore(channel, redis, tag)
    except transport.MutexHeld:
        pass


def _restore(channel: Any, redis: Redis, tag: bytes) -> None:
    try:
        channel.qos.restore_by_tag(tag)
    except (TypeError, ValueError) as error:
        # kombu cannot read it, and would come to no other message at every beat.
        log.error("A message that a worker had taken cannot be given back: %r", error)
        redis.client.zrem(redis.key(channel.unacked_index_key), tag)
