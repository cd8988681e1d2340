"""A worker goes on listening to Redis, whichever of its connections is closed.

kombu puts a callback into the worker's event loop that asks Redis for the next message, and takes
it out when a connection for such questions is closed, be it another one than that in use: one that
Celery has left after a reconnect closes itself when Python's garbage collector finds it, at any
moment. The worker then lives, says nothing, and takes no task for good.
Source: `Transport.register_with_event_loop` in kombu/transport/redis.py, kombu 5.2.3 and 5.2.4;
Celery's issues 8030 and 8091.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from celery import bootsteps


class Listener(bootsteps.StartStopStep):
    """The part of a worker's consumer that keeps it listening; started anew at each connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        """Prepare; as Celery makes every step."""
        super().__init__(consumer, **kwargs)
        self._tick: Optional[Callable[[], None]] = None

    def start(self, parent: Any) -> None:
        """Ask at every turn of the event loop, where the transport is kombu's for Redis."""
        self.stop(parent)
        transport = parent.connection.transport
        if parent.hub is None or transport.driver_type != "redis":
            return
        self._tick = listening(transport, parent.hub)
        parent.hub.on_tick.add(self._tick)

    def stop(self, parent: Any) -> None:
        """Leave the event loop: the connection is about to be closed."""
        if self._tick is not None:
            parent.hub.on_tick.discard(self._tick)
            self._tick = None


def listening(transport: Any, hub: Any) -> Callable[[], None]:
    """A callback that does again what kombu's own has not done.

    Args:
        transport: kombu's for Redis; all its channels count.
        hub: The event loop.
    """
    poller = transport.cycle

    def tick() -> None:
        # Nothing for channels that wait for an answer already.
        poller.on_poll_start()
        for file_descriptor in list(poller.fds):
            if file_descriptor not in hub.readers:
                hub.add_reader(file_descriptor, transport.on_readable, file_descriptor)

    return tick
