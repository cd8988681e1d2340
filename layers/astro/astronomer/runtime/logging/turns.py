"""Gives every log its turns, so that none waits for another one's trouble.

A turn is a few requests to the store. Logs that are far behind, have failed, or were left by an
earlier container share half of the room, first come, first served; the others have all of it. A
log that fails waits longer each time. When nothing at all passes, one log at a time tries the
store for all.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Deque, Dict, List, NamedTuple, Optional, Set, Tuple, Union

from astronomer.runtime.logging import tickets
from astronomer.runtime.logging.segments import LARGEST
from astronomer.runtime.logging.shipment import Outcome, Shipment, Unreadable, Work
from astronomer.runtime.logging.stores import Link
from astronomer.runtime.messages import say

_POLL = 0.25
"""Seconds between two looks at whether a log has grown."""

_ROOM = 8
"""Turns at the same time."""

_ROOM_FOR_PATIENT = 4

_FIRST_PAUSE = 0.5

_LONGEST_PAUSE = 5.0
"""Seconds between two tries while nothing passes."""

_LONGEST_PAUSE_OF_ONE = 60.0
"""Seconds between two tries of a log that is refused while others pass."""

_REFUSALS = 10
"""After so many a log is given up; the pauses between them make four minutes."""

_LEAST_AGE = 5.0
"""Seconds that a client of a store that fails is kept; it may be the connection that is wrong."""

_LONGEST_TURN = 900.0
"""Seconds. Clients give up much earlier, unless a store answers byte by byte."""


class Stuck(Exception):
    """A turn does not end."""


class _Log:
    """A shipment, and how its last turns went."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self.failures = 0
        self.refusals = 0
        """Failures that were this log's own: the store has taken others meanwhile."""
        self.failed_at = 0.0
        self.is_left = False
        """Whether it had ended before anything of it was shipped from here."""

    def is_patient(self, work: Work) -> bool:
        """Whether it can wait for others."""
        self.is_left = self.is_left or (self.shipment.is_new() and work.ended)
        return self.is_left or self.failures > 0 or self.shipment.behind(work.size) > LARGEST


class _Turn(NamedTuple):
    log: _Log
    began: float
    is_patient: bool


_Result = Tuple[_Log, Union[Outcome, Exception]]


class Turns:
    """Of all logs that have tickets in a folder."""

    def __init__(self, folder: Path, link: Link, base: str, interval: float) -> None:
        """Prepare.

        Args:
            folder: Of tickets.
            link: The store.
            base: What the store is called in messages.
            interval: Seconds, as `Shipment` has it.
        """
        self._folder, self._link, self._base, self._interval = (folder, link, base, interval)
        self._logs: Dict[str, _Log] = {}
        """By the names of their tickets' files."""
        self._unknown: Set[str] = set()
        """Names of files that are not tickets, or of logs that were given up."""
        self._due: List[Tuple[float, int, _Log]] = []
        self._number = 0
        self._patient: Deque[_Log] = deque()
        self._running: Dict[_Log, _Turn] = {}
        self._results: "SimpleQueue[_Result]" = SimpleQueue()
        self._looked_at = float("-inf")
        self._dropped_at = float("-inf")
        self._sent_at = float("-inf")
        self._failed_in_a_row = 0
        # While nothing passes.
        self._is_down = False
        self._pause, self._next_try = _FIRST_PAUSE, 0.0

    def take(self) -> int:
        """Let those who are due have their turns, for a moment; returns how many logs there are.

        Raises:
            Stuck: A turn has not ended for so long that it never will.
        """
        now = time.monotonic()
        if now >= self._looked_at + _POLL:
            self._looked_at = now
            self._look(now)
        self._start(now)
        try:
            self._finish(*self._results.get(timeout=_POLL))
            while True:
                self._finish(*self._results.get_nowait())
        except Empty:
            pass
        if any(now > turn.began + _LONGEST_TURN for turn in self._running.values()):
            raise Stuck
        return len(self._logs)

    def _look(self, now: float) -> None:
        """Take up the logs that are new, and drop those whose tickets are gone."""
        found = set(tickets.names(self._folder))
        for name in self._logs.keys() - found:
            del self._logs[name]
        self._unknown &= found
        fresh = []
        for name in found - self._logs.keys() - self._unknown:
            ticket = tickets.read(self._folder, name)
            if ticket:
                fresh.append(ticket)
            elif (self._folder / name).exists():
                self._unknown.add(name)
                say(
                    f"'{self._folder / name}' is not a ticket of a task's log; it is left as it is."
                )
        for ticket in sorted(fresh, key=lambda each: each.session):
            log = _Log(Shipment(ticket, self._folder.parent, self._interval))
            self._logs[ticket.path.name] = log
            self._wait(log, now)

    def _wait(self, log: _Log, due: float) -> None:
        self._number += 1
        heapq.heappush(self._due, (due, self._number, log))

    def _start(self, now: float) -> None:
        while self._has_room(now) and self._due and self._due[0][0] <= now:
            log = heapq.heappop(self._due)[2]
            work = self._work(log)
            if work is None:
                continue
            if log.is_patient(work):
                self._patient.append(log)
            else:
                self._run(log, work, now)
        patient = sum(turn.is_patient for turn in self._running.values())
        while self._has_room(now) and self._patient and patient < _ROOM_FOR_PATIENT:
            log = self._patient.popleft()
            work = self._work(log)
            if work is not None:
                patient += 1
                self._run(log, work, now, is_patient=True)

    def _has_room(self, now: float) -> bool:
        if self._is_down:
            return not self._running and now >= self._next_try
        return len(self._running) < _ROOM

    def _work(self, log: _Log) -> Optional[Work]:
        if self._logs.get(log.shipment.ticket.path.name) is not log:
            # Its ticket is gone.
            return None
        try:
            work = log.shipment.work()
        except Unreadable as error:
            self._finish(log, error)
            return None
        if work is None:
            self._wait(log, time.monotonic() + _POLL)
        return work

    def _run(self, log: _Log, work: Work, now: float, is_patient: bool = False) -> None:
        def turn() -> None:
            result: Union[Outcome, Exception]
            try:
                result = log.shipment.ship(self._link.store(), work)
            except Exception as error:
                result = error
            self._results.put((log, result))

        self._running[log] = _Turn(log, now, is_patient)
        try:
            # One for a turn: nobody waits at the end of the process for one that does not end.
            threading.Thread(target=turn, daemon=True).start()
        except RuntimeError as error:
            self._finish(log, Unreadable(str(error)))

    def _finish(self, log: _Log, result: Union[Outcome, Exception]) -> None:
        self._running.pop(log, None)
        now = time.monotonic()
        if isinstance(result, Outcome):
            self._succeed(log, result, now)
        elif isinstance(result, Unreadable):
            log.refusals += 1
            self._fail(log, f"its file cannot be read ({result})", now)
        else:
            if log.failures and self._sent_at > log.failed_at:
                log.refusals += 1
            reason = f"{type(result).__name__}: {result}"
            self._note_failure(log, reason, now)
            self._fail(log, f"the store refuses it and takes others ({reason})", now)

    def _succeed(self, log: _Log, outcome: Outcome, now: float) -> None:
        if outcome.sent:
            self._sent_at, self._failed_in_a_row = now, 0
            self._recover(now)
        if outcome.done:
            self._logs.pop(log.shipment.ticket.path.name, None)
            return
        if outcome.sent or not log.failures:
            log.failures = log.refusals = 0
        self._wait(log, now if outcome.more else now + _POLL)

    def _fail(self, log: _Log, reason: str, now: float) -> None:
        log.failures += 1
        log.failed_at = now
        if log.refusals >= _REFUSALS:
            self._give_up(log, reason)
            return
        longest = _LONGEST_PAUSE_OF_ONE if log.refusals else _LONGEST_PAUSE
        count = log.refusals or log.failures
        self._wait(log, now + min(_FIRST_PAUSE * 2 ** min(count - 1, 16), longest))

    def _note_failure(self, log: _Log, reason: str, now: float) -> None:
        # While nothing passes, few try.
        if self._is_down or now > self._dropped_at + _LEAST_AGE:
            self._dropped_at = now
            self._link.drop()
        if self._is_down:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._next_try = now + self._pause
        elif not log.refusals:
            self._failed_in_a_row += 1
            if self._failed_in_a_row > 1:
                self._is_down, self._pause = True, _FIRST_PAUSE
                self._next_try = now + self._pause
                say(
                    f"task logs cannot be shipped to {self._base} ({reason}); they are kept until"
                    " then."
                )

    def _recover(self, now: float) -> None:
        if not self._is_down:
            return
        self._is_down = False
        say(f"task logs are shipped to {self._base} again.")
        # The others have failed for no reason of their own.
        self._due = [(now if not log.refusals else due, n, log) for due, n, log in self._due]
        heapq.heapify(self._due)

    def _give_up(self, log: _Log, reason: str) -> None:
        ticket = log.shipment.ticket
        self._logs.pop(ticket.path.name, None)
        say(
            f"the log {ticket.log} is not shipped: {reason}. It has been tried {_REFUSALS} times,"
            " and will be again at the next start."
        )
        try:
            tickets.give_up(ticket)
        except OSError:
            # Not by this process, at least.
            self._unknown.add(ticket.path.name)
