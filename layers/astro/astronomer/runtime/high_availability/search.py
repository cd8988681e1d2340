"""One search for lost messages, in a process of its own.

A broker that takes connections and never answers can hold a process in the system, or in the C
library's look-up of a name, where no time limit of Python's reaches it. So the scheduler forks,
asks now and then whether its child has ended, and the system ends the child when its time is over.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import signal
import threading
import time
from typing import Any, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Set

from astronomer.runtime.high_availability.broker import Redis, bounded

SECONDS = 60.0
"""How long one search may take."""

_PIECE = 500
"""Messages that are asked for at once: Redis serves nobody else meanwhile."""

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What Celery calls a task. It is searched for in the bytes of a message: those of other programs
may not be JSON, and to parse the others takes ten times as long."""


class Wanted(NamedTuple):
    """A task whose message is looked for."""

    queue: str

    command: Optional[List[str]] = None
    """What to send again where the message is missing; None to send nothing."""


class Outcome(NamedTuple):
    """What a search found, by Celery ids."""

    missing: FrozenSet[str] = frozenset()
    """No message mentions them, and none was sent again."""

    sent: FrozenSet[str] = frozenset()

    failures: FrozenSet[str] = frozenset()
    """Why something was not searched, or not sent; each a few words."""

    complete: bool = True
    """Whether `missing` is all that is missing."""


class Search:
    """A search that has begun."""

    def __init__(self, wanted: Mapping[str, Wanted]) -> None:
        """Begin; returns at once.

        Args:
            wanted: Tasks by their Celery ids.

        Raises:
            OSError: No process can be made.
        """
        # In memory, and not by a pipe: nobody ever waits for the other side of it.
        self._result = os.fdopen(os.memfd_create("search"), "w+b")
        self._deadline = time.monotonic() + SECONDS
        self._is_over = False
        # A daemon ends with the scheduler.
        self._process = multiprocessing.get_context("fork").Process(
            target=_run, args=(dict(wanted), self._result.fileno()), daemon=True
        )
        self._process.start()

    def outcome(self) -> Optional[Outcome]:
        """What was found; None while the search goes on."""
        if self._process.exitcode is None:
            if time.monotonic() > self._deadline:
                # One that was stopped does not notice that its time is over.
                self._is_over = True
                self._process.kill()
            return None
        with self._result as file:
            file.seek(0)
            content = file.read()
        if self._process.exitcode != 0:
            failure = f"the search ended with exit code {self._process.exitcode}"
            if self._is_over or self._process.exitcode == -signal.SIGALRM:
                failure = f"the search did not end within {SECONDS:g} s"
            return Outcome(failures=frozenset({failure}), complete=False)
        found = json.loads(content)
        missing, sent, failures = (frozenset(found[name]) for name in Outcome._fields[:3])
        return Outcome(missing, sent, failures, found["complete"])

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join(1)
        self._result.close()


def _run(wanted: Mapping[str, Wanted], result: int) -> None:
    # The scheduler's own handlers would end the scheduler's other children.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    # A collection would make this process copy the scheduler's memory.
    gc.disable()
    outcomes: List[Outcome] = []
    # Celery has a result backend for each thread, and that of this one is the scheduler's.
    worker = threading.Thread(target=lambda: outcomes.append(_guarded(wanted)))
    worker.start()
    worker.join()
    (outcome,) = outcomes
    os.write(result, json.dumps(outcome._asdict(), default=sorted).encode())


def _guarded(wanted: Mapping[str, Wanted]) -> Outcome:
    try:
        return search(wanted)
    except Exception as error:
        return Outcome(failures=frozenset({_words(error)}), complete=False)


def search(wanted: Mapping[str, Wanted]) -> Outcome:
    """Look for the messages of tasks, and send again what is missing and has a command.

    Args:
        wanted: Tasks by their Celery ids.

    Raises:
        Exception: The broker is not there, or does not do what it is asked.
    """
    from airflow.executors.celery_executor import app

    failures: Set[str] = set()
    with bounded(app.connection_for_read()) as connection:
        missing = _missing(connection.default_channel, wanted, failures)
    sent: Set[str] = set()
    lost = sorted(task_id for task_id in missing if wanted[task_id].command)
    if lost:
        with bounded(app.connection_for_write()) as connection:
            for task_id in lost:
                try:
                    _send(connection, task_id, wanted[task_id])
                    sent.add(task_id)
                except Exception as error:
                    failures.add(_words(error))
    return Outcome(frozenset(missing - sent), frozenset(sent), frozenset(failures))


def _missing(channel: Any, wanted: Mapping[str, Wanted], failures: Set[str]) -> Set[str]:
    from redis.exceptions import ResponseError

    redis = Redis(channel)
    missing = set(wanted)
    # Taken messages first: one that is taken meanwhile is then seen in at least one place.
    _drop_mentioned(missing, _taken(redis, channel))
    for queue in sorted({wanted[task_id].queue for task_id in missing}):
        try:
            for key in _keys(channel, queue):
                _drop_mentioned(missing, _waiting(redis, key))
        except ResponseError as error:
            # Another program's key of that name, or one that this account may not read.
            failures.add(f"queue {queue}: {_words(error)}")
            missing -= {task_id for task_id in missing if wanted[task_id].queue == queue}
    # And once more, for those that a dead worker's messages were given back from.
    _drop_mentioned(missing, _taken(redis, channel))
    return missing


def _drop_mentioned(missing: Set[str], messages: Iterable[bytes]) -> None:
    """Take the ids out that a message mentions, as its own or in whatever header."""
    ids = {task_id.encode() for task_id in missing}
    for message in messages:
        if not ids:
            break
        ids.difference_update(_UUID.findall(message))
    missing &= {task_id.decode() for task_id in ids}


def _taken(redis: Redis, channel: Any) -> Iterable[bytes]:
    found = redis.client.hscan_iter(redis.key(channel.unacked_key), count=_PIECE)
    return (message for _, message in found)


def _waiting(redis: Redis, key: str) -> Iterable[bytes]:
    # From the end that new messages come to: what is taken meanwhile moves no other message, and
    # what comes meanwhile has others read twice.
    start = 0
    while True:
        piece = redis.client.lrange(redis.key(key), start, start + _PIECE - 1)
        if not piece:
            return
        yield from piece
        start += len(piece)


def _keys(channel: Any, queue: str) -> List[str]:
    """A list for each priority."""
    return sorted({channel._q_for_pri(queue, step) for step in channel.priority_steps})


def _send(connection: Any, task_id: str, wanted: Wanted) -> None:
    from airflow.executors.celery_executor import execute_command

    execute_command.apply_async(
        args=[wanted.command],
        queue=wanted.queue,
        task_id=task_id,
        connection=connection,
        # Another search will come.
        retry=False,
    )


def _words(error: Exception) -> str:
    """What is wrong, in one line. Texts of other errors than a server's may hold a password."""
    from kombu.exceptions import OperationalError
    from redis.exceptions import RedisError

    name = type(error).__name__
    if isinstance(error, (OperationalError, OSError, RedisError)) and str(error):
        return f"{name}: {' '.join(str(error).split())[:200]}"
    return name


def is_searchable(task_id: str) -> bool:
    """Whether the id is one that `search` can find in a message."""
    return _UUID.fullmatch(task_id.encode()) is not None
