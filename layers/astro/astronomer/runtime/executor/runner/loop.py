"""A runner's life: it takes what it is given, watches over it, and ends as it is told to."""

from __future__ import annotations

import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Dict, List, Optional

from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executor import channels, tables
from astronomer.runtime.executor.connection import Database, bound_answers, transaction
from astronomer.runtime.executor.isolation.task_process import Ended, Limits, TaskProcess
from astronomer.runtime.executor.isolation.warm_parent import WarmParent
from astronomer.runtime.executor.log_notes import LogNote
from astronomer.runtime.executor.runner import assignments, registration
from astronomer.runtime.executor.runner.assignments import Assignment
from astronomer.runtime.executor.runner.registration import Identity, Namesake
from astronomer.runtime.messages import say

_RENEWALS = 5
"""Renewals in a lease, so that some of them may fail."""

_SAFE_SHARE = 0.8
"""The share of a lease, by this host's own clock, after which tasks are ended that the lease could
not be renewed for: they have the rest of it to be gone before others may start them."""

_POLL_SECONDS = 2.0
_TASK_POLL_SECONDS = 0.05
_RETRY_SECONDS = 0.5
_STOP_GRACE_SECONDS = 10.0
_LAST_WORDS_SECONDS = 10.0

_WRITERS = 4
"""Notes that are written at a time: each takes a fork."""


@dataclass
class _Running:
    assignment: Assignment
    process: TaskProcess
    since: float
    is_explained: bool = False
    """Whether it is known to all why it is being ended."""


class Runner:
    """One process, one thread: what it waits for are descriptors and bounds of time."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        drain_seconds: float,
        starter: WarmParent,
        report: Callable[[Assignment, Ended, float], None],
    ) -> None:
        """Prepare.

        Args:
            database: Where the work comes from.
            identity: What it is to others.
            drain_seconds: How long tasks may go on once it is told to end.
            starter: Starts the tasks; is closed at the end of `run`.
            report: Is told of each task that has ended: how, and after how many seconds.
        """
        self._database = database
        self._identity = identity
        self._drain_seconds = drain_seconds
        self._starter = starter
        self._report = report
        self._connection: Optional[Any] = None
        self._number: Optional[int] = None
        self._tasks: Dict[int, _Running] = {}
        self._outbox: List[Callable[[Any, int], None]] = []
        """What is to be said to the database, with a connection and the runner's number."""

        self._notes: List[LogNote] = []
        """Those that wait for a lease: without one, nothing is started."""

        self._writers: List[TaskProcess] = []
        self._leave_at: Optional[float] = None
        """When what still runs is stopped; None while it was not told to end."""

        self._has_said_drain = False
        self._safe_until = float("-inf")
        self._renew_at = float("-inf")
        self._claim_at = float("-inf")
        self._connect_at = float("-inf")
        self._namesake: Optional[Namesake] = None
        self._trouble = ""
        self._wakeups = socket.socketpair()
        # Less than is left of a lease when tasks are to be ended: this thread may wait so long.
        self._answer_seconds = max(1.0, identity.lease_seconds / 8)

    def told_to_end(self, number: int = 0, frame: Any = None) -> None:
        """Take no more tasks, and return from `run` when those that run have ended; told again,
        end them now. A signal's handler."""
        now = time.monotonic()
        self._leave_at = now if self._leave_at is not None else now + self._drain_seconds

    def run(self) -> None:
        """Work until it is told to end.

        Raises:
            ConfigurationError: The database, or another runner, does not let it be one.
        """
        for end in self._wakeups:
            end.setblocking(False)
        bound_answers(self._answer_seconds)
        signal.set_wakeup_fd(self._wakeups[1].fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.told_to_end)
        try:
            while not self._is_done():
                self._turn()
            self._say_farewell()
        finally:
            self._starter.close()
            self._disconnect()

    def _is_done(self) -> bool:
        if self._leave_at is None or self._tasks:
            return False
        patience = self._leave_at + _STOP_GRACE_SECONDS + _LAST_WORDS_SECONDS
        has_words = self._outbox or self._notes or self._writers
        return not has_words or time.monotonic() > patience

    def _turn(self) -> None:
        if not self._collect():
            self._wait()
            self._collect()
        self._leave()
        if time.monotonic() > self._safe_until:
            self._end_tasks("Its runner could not renew its lease in the database in time.", 0)
        try:
            self._talk()
        except Exception as error:
            if not _is_of_database(error):
                raise
            self._lose_connection(error)

    def _wait(self) -> None:
        """Until something has happened, or is due."""
        now = time.monotonic()
        due = [now + _POLL_SECONDS]
        if self._leave_at is not None:
            # Not into the past: the end of tasks is waited for.
            due.append(max(self._leave_at, now + _TASK_POLL_SECONDS))
        watched = [self._wakeups[0].fileno()]
        if self._connection is None:
            due.append(self._connect_at)
        else:
            watched.append(self._connection.fileno())
            if self._number is None:
                due.append(now + _RETRY_SECONDS)
            else:
                due += [self._renew_at, self._claim_at]
        watched.append(self._starter.fileno())
        ready, _, _ = select.select(watched, [], [], max(0.0, min(due) - now))
        if self._wakeups[0].fileno() in ready:
            with suppress(BlockingIOError):
                self._wakeups[0].recv(4096)

    def _collect(self) -> bool:
        """Hear what is new of tasks; returns whether there is anything to say of them.

        All of it is heard at once, whichever call of the starter's receives it: what is only looked
        at later would wait for another message.
        """
        self._starter.refresh()
        is_new = False
        for number, running in list(self._tasks.items()):
            ended, reason = running.process.heard_end, running.process.heard_reason
            if reason and not running.is_explained:
                is_new = running.is_explained = True
                self._explain(running.assignment, reason)
            if ended is not None:
                is_new = True
                del self._tasks[number]
                self._note_end(running.assignment, ended, time.monotonic() - running.since)
        self._writers = [each for each in self._writers if each.heard_end is None]
        if self._notes and time.monotonic() < self._safe_until:
            self._write_notes()
        return is_new

    def _explain(self, assignment: Assignment, reason: str) -> None:
        self._notes.append(assignment.note(reason))
        self._outbox.append(partial(assignments.explain, number=assignment.id, reason=reason))

    def _note_end(self, assignment: Assignment, ended: Ended, seconds: float) -> None:
        self._report(assignment, ended, seconds)
        self._outbox.append(partial(assignments.finish, number=assignment.id, ended=ended))

    def _write_notes(self) -> None:
        """Have reasons written to the tasks' logs, by forks: what writes there is Airflow's."""
        while self._notes and len(self._writers) < _WRITERS:
            note = self._notes.pop(0)
            try:
                self._writers.append(self._starter.start(note.as_command(), name="note"))
            except OSError as error:
                say(f"the log of {note.dag_id}.{note.task_id} cannot be written: {error}.")

    def _leave(self) -> None:
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self._end_tasks(
                f"Its runner {self._identity.name} was told to end, and gave tasks"
                f" {self._drain_seconds:g} s to end by themselves.",
                _STOP_GRACE_SECONDS,
            )

    def _end_tasks(self, reason: str, grace: float) -> None:
        for running in self._tasks.values():
            running.process.stop(grace, reason)

    def _talk(self) -> None:
        """Say and hear all that is due, by a connection that may have to be opened first."""
        now = time.monotonic()
        if self._connection is None:
            if now < self._connect_at:
                return
            self._connect_at = now + _RETRY_SECONDS
            self._connection = self._open()
        connection = self._connection
        self._claim_at = now + _POLL_SECONDS
        if select.select([connection], [], [], 0)[0]:
            channels.forget_notifications(connection)
        if self._number is None:
            self._outbox.clear()
            # What others may have by now is not all gone yet; or there is nothing to do here.
            is_wanted = not self._tasks and self._leave_at is None
            if not (is_wanted and self._register(connection)):
                return
        assert self._number is not None
        with connection.cursor() as cursor:
            if time.monotonic() >= self._renew_at and not self._renew(cursor):
                return
            while self._outbox:
                self._outbox[0](connection, self._number)
                self._outbox.pop(0)
            if self._leave_at is not None:
                if not self._has_said_drain:
                    registration.drain(cursor, self._number)
                    self._has_said_drain = True
                return
            for assignment in assignments.claim(cursor, self._number):
                self._start(assignment)
        self._trouble = ""

    def _open(self) -> Any:
        connection = self._database.connect("astronomer-runtime runner", self._answer_seconds)
        try:
            tables.migrate(connection)
            if self._number is not None:
                channels.listen(connection, channels.runner(self._number))
        except BaseException:
            connection.close()
            raise
        return connection

    def _register(self, connection: Any) -> bool:
        """Be a runner, unless another has the name for as long as its lease."""
        with transaction(connection) as cursor:
            found = registration.register(cursor, self._identity)
        if isinstance(found, Namesake):
            first = self._namesake = self._namesake or found
            if found.lease_until > first.lease_until:
                raise ConfigurationError(
                    f"a runner named '{self._identity.name}' lives on host {found.host}; give this"
                    " one another name with --name."
                )
            return False
        self._namesake, self._number = None, found
        channels.listen(connection, channels.runner(found))
        self._renew_at = float("-inf")
        capacity = self._identity.capacity
        say(
            f"runner {self._identity.name} takes tasks of {', '.join(self._identity.queues)}"
            f" (number {found}; {capacity.cpu_millis / 1000:g} CPUs,"
            f" {capacity.memory_bytes // 2**20} MiB, {capacity.slots} slots)."
        )
        return True

    def _renew(self, cursor: Any) -> bool:
        # From before the question: the database's lease begins later, so it ends later.
        start = time.monotonic()
        assert self._number is not None
        if not registration.renew(cursor, self._number):
            self._lose_lease()
            return False
        lease = self._identity.lease_seconds
        self._safe_until = start + lease * _SAFE_SHARE
        self._starter.keep_lease(max(0.0, self._safe_until - time.monotonic()))
        self._renew_at = start + lease / _RENEWALS
        return True

    def _lose_lease(self) -> None:
        say(
            f"the lease of runner {self._identity.name} is over, and others may have its tasks; it"
            " ends them and begins anew."
        )
        self._end_tasks("The lease of its runner was over, and others may have it.", 0)
        self._number, self._outbox = None, []
        self._safe_until = float("-inf")

    def _start(self, assignment: Assignment) -> None:
        limits = Limits(assignment.cpu_millis, assignment.memory_bytes)
        try:
            process = self._starter.start(assignment.command, limits, assignment.name)
        except OSError as error:
            reason = f"Its runner could not start it: {error}."
            self._explain(assignment, reason)
            self._note_end(assignment, Ended(None, None, reason, 0, 0.0), 0.0)
            self._claim_at = float("-inf")
            return
        self._tasks[assignment.id] = _Running(assignment, process, time.monotonic())

    def _lose_connection(self, error: BaseException) -> None:
        self._disconnect()
        # Its text may name the user: the kind of error tells.
        trouble = type(error).__name__
        if trouble != self._trouble:
            self._trouble = trouble
            say(
                f"runner {self._identity.name} cannot use the database ({trouble}); it tries again,"
                f" and its tasks may go on for {self._left_seconds():.0f} s."
            )

    def _left_seconds(self) -> float:
        return max(0.0, self._safe_until - time.monotonic())

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _say_farewell(self) -> None:
        if self._number is not None and self._connection is not None:
            try:
                with self._connection.cursor() as cursor:
                    registration.end(cursor, self._number, "it was told to end")
            except Exception as error:
                if not _is_of_database(error):
                    raise
        say(f"runner {self._identity.name} has ended.")


def _is_of_database(error: BaseException) -> bool:
    import psycopg2

    return isinstance(error, psycopg2.Error)
