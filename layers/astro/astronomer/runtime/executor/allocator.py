"""Gives waiting tasks to runners, and takes them from runners that are gone.

Each scheduler starts one as a process of its own, which takes nothing of the scheduler's loop and
imports no Airflow, unless numbers go to statsd. One of them decides: the one whose database session
holds an advisory lock. All that it writes goes through that session, so that one that was stopped
for a while cannot write after another has taken over.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from contextlib import suppress
from typing import Any, Dict, List, Mapping, Optional, Tuple

from astronomer.runtime import options
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.errors import StartError
from astronomer.runtime.executor import airflow_rows, channels, tables
from astronomer.runtime.executor.connection import Database, bound_answers, of_environment
from astronomer.runtime.executor.gauges import Gauges
from astronomer.runtime.executor.packing import Runner, Strategy, Waiting, pack
from astronomer.runtime.messages import say

DECISION_LOCK = 0x4153_5452_4F02
"""Advisory lock of the one that decides."""

SILENCE_SECONDS = 10.0
"""One that holds the lock and has not made a pass for this long is put out of its session."""

MOST_WAITING = 10_000
"""Tasks that a pass looks at; the most urgent by priority."""

KEPT_DAYS = 14
"""What has ended is kept for this long."""

_POLL_SECONDS = 1.0
_CARE_SECONDS = 10.0
_RETRY_SECONDS = 1.0
_ANSWER_SECONDS = 30.0

_STRATEGY = "ALLOCATOR_STRATEGY"


def strategy(environ: Mapping[str, str]) -> Strategy:
    """The operator's choice: the option `allocator_strategy`, or the variable of that name.

    Raises:
        InvalidOption: There is none of that name.
    """
    sources = Sources(environ)
    names = [each.value for each in Strategy]
    value = options.text("allocator_strategy", read=lambda name: sources.value("astronomer", name))
    value = value or environ.get(_STRATEGY, "") or names[0]
    if value not in names:
        raise options.InvalidOption("allocator_strategy", value, " or ".join(names))
    return Strategy(value)


class Allocator:
    """What one session of the database does once it decides."""

    def __init__(self, connection: Any, chosen: Strategy) -> None:
        """Prepare.

        Args:
            connection: As `Database.connect` opens it; its session holds the lock.
            chosen: Where tasks go that have room on several runners.
        """
        self._connection = connection
        self._strategy = chosen
        self._cared_at = float("-inf")

    def pass_once(self) -> int:
        """Bring the allocations up to date; returns how many were given to a runner.

        Raises:
            psycopg2.Error: The database fails; nothing is half done.
        """
        with self._connection.cursor() as cursor:
            cursor.execute("UPDATE astronomer_allocator SET passed_at = now()")
            end_expired_leases(cursor)
            take_back(cursor)
            if time.monotonic() - self._cared_at > _CARE_SECONDS:
                self._cared_at = time.monotonic()
                forget_what_airflow_took_back(cursor)
                remove_what_is_old(cursor)
            waiting, reasons = _waiting(cursor)
            if not waiting:
                return 0
            plan = pack(waiting, _runners(cursor), self._strategy)
            assigned = _assign(cursor, plan.placements) if plan.placements else 0
            changed = {
                number: plan.impossible.get(number, "")
                for number, reason in reasons.items()
                if plan.impossible.get(number, "") != reason
            }
            if changed:
                cursor.execute(
                    """
                    UPDATE astronomer_allocation a SET reason = new.reason
                    FROM unnest(%s::bigint[], %s::text[]) AS new (id, reason)
                    WHERE a.id = new.id AND a.state = 'unassigned'
                    """,
                    (list(changed), list(changed.values())),
                )
            return assigned


def end_expired_leases(cursor: Any) -> None:
    """End the runners that have not renewed their lease, by the database's clock."""
    cursor.execute(
        """
        UPDATE astronomer_runner SET state = 'ended', ended_at = now(),
            end_reason = 'it did not renew its lease'
        WHERE state <> 'ended' AND lease_until < now()
        """
    )


def take_back(cursor: Any) -> None:
    """Let others have what has not begun on runners that end or have ended; what has begun on those
    that have ended has failed."""
    cursor.execute(
        f"""
        WITH left_over AS (
            SELECT a.id, r.name, r.end_reason,
                (a.state = 'assigned' OR {airflow_rows.IS_QUEUED})
                AND NOT EXISTS (
                    SELECT 1 FROM astronomer_allocation w WHERE w.state = 'unassigned'
                    AND w.dag_id = a.dag_id AND w.task_id = a.task_id AND w.run_id = a.run_id
                    AND w.map_index = a.map_index AND w.try_number = a.try_number
                ) AS again
            FROM astronomer_allocation a JOIN astronomer_runner r ON r.id = a.runner_id
            WHERE a.state = 'assigned' AND r.state <> 'active'
                OR a.state = 'running' AND r.state = 'ended'
        )
        UPDATE astronomer_allocation a SET
            state = CASE WHEN l.again THEN 'unassigned' ELSE 'completed' END,
            runner_id = CASE WHEN l.again THEN NULL ELSE a.runner_id END,
            assigned_at = CASE WHEN l.again THEN NULL ELSE a.assigned_at END,
            started_at = CASE WHEN l.again THEN NULL ELSE a.started_at END,
            ended_at = CASE WHEN l.again THEN NULL ELSE now() END,
            succeeded = CASE WHEN l.again THEN NULL ELSE false END,
            reason = CASE WHEN l.again THEN '' ELSE
                'Its runner ' || l.name || ' ended: ' || l.end_reason || '.' END
        FROM left_over l WHERE a.id = l.id AND a.state IN ('assigned', 'running')
        RETURNING a.id, l.again
        """
    )
    dead = [number for number, again in cursor.fetchall() if not again]
    if dead:
        airflow_rows.report_dead(cursor, dead)
        airflow_rows.log_event(cursor, dead, "runner ended")


def forget_what_airflow_took_back(cursor: Any) -> None:
    """Complete what waits for a try that Airflow does not want any more, as when its run is set to
    failed."""
    cursor.execute(
        f"""
        UPDATE astronomer_allocation a SET state = 'completed', ended_at = now(),
            succeeded = false, reported = true, reason = 'Airflow does not want it any more.'
        WHERE a.state = 'unassigned' AND a.queued_at < now() - interval '30 seconds'
            AND NOT {airflow_rows.IS_QUEUED}
        """
    )


def remove_what_is_old(cursor: Any) -> None:
    """Remove what has ended and was reported, and then the runners that nothing refers to."""
    # A task that was placed is needed by nobody once its end is known; its peak stays.
    cursor.execute(
        """
        DELETE FROM astronomer_allocation WHERE id IN (
            SELECT id FROM astronomer_allocation
            WHERE state = 'completed' AND (reported AND ended_at < now() - interval '1 hour'
                OR ended_at < now() - interval '1 day')
            LIMIT 5000
        )
        """
    )
    cursor.execute(
        """
        DELETE FROM astronomer_runner r WHERE state = 'ended'
            AND ended_at < now() - interval '1 hour'
            AND NOT EXISTS (SELECT 1 FROM astronomer_allocation a WHERE a.runner_id = r.id)
        """
    )
    cursor.execute(
        "DELETE FROM astronomer_task_peak WHERE ended_at < now() - make_interval(days => %s)",
        (KEPT_DAYS,),
    )


def _waiting(cursor: Any) -> Tuple[List[Waiting], Dict[int, str]]:
    # Not a try whose earlier run, as before it was deferred, has not ended: it would run twice.
    cursor.execute(
        """
        SELECT id, queue, priority, extract(epoch FROM now() - queued_at)::float8, cpu_millis,
            memory_bytes, slots, reason
        FROM astronomer_allocation w WHERE state = 'unassigned' AND NOT EXISTS (
            SELECT 1 FROM astronomer_allocation p WHERE p.state IN ('assigned', 'running')
            AND p.dag_id = w.dag_id AND p.task_id = w.task_id AND p.run_id = w.run_id
            AND p.map_index = w.map_index AND p.try_number = w.try_number
        )
        ORDER BY priority DESC, id LIMIT %s
        """,
        (MOST_WAITING,),
    )
    rows = cursor.fetchall()
    return [Waiting(*row[:7]) for row in rows], {row[0]: row[7] for row in rows}


def _runners(cursor: Any) -> List[Runner]:
    cursor.execute(
        """
        SELECT r.id, r.queues, r.cpu_millis, r.memory_bytes, r.slots,
            r.cpu_millis - coalesce(sum(a.cpu_millis), 0)::integer,
            r.memory_bytes - coalesce(sum(a.memory_bytes), 0)::bigint,
            r.slots - coalesce(sum(a.slots), 0)::integer
        FROM astronomer_runner r LEFT JOIN astronomer_allocation a
            ON a.runner_id = r.id AND a.state IN ('assigned', 'running')
        WHERE r.state = 'active' AND r.lease_until > now()
        GROUP BY r.id
        """
    )
    return [Runner(row[0], tuple(row[1]), *row[2:]) for row in cursor.fetchall()]


def _assign(cursor: Any, placements: List[Tuple[int, int]]) -> int:
    cursor.execute(
        """
        UPDATE astronomer_allocation a
        SET state = 'assigned', runner_id = new.runner_id, assigned_at = now(), reason = ''
        FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, runner_id)
        JOIN astronomer_runner r ON r.id = new.runner_id AND r.state = 'active'
        WHERE a.id = new.id AND a.state = 'unassigned'
        RETURNING a.runner_id
        """,
        ([task for task, _ in placements], [runner for _, runner in placements]),
    )
    runners = [row[0] for row in cursor.fetchall()]
    for number in set(runners):
        channels.notify(cursor, channels.runner(number))
    return len(runners)


def decide(database: Database, chosen: Strategy, gauges: Optional[Gauges] = None) -> None:
    """Wait for the lock, then make passes for as long as the session lasts.

    Args:
        database: The metadata database.
        chosen: Where tasks go that have room on several runners.
        gauges: Where the numbers go; None for nowhere.

    Raises:
        psycopg2.Error: The session has ended; all that was decided stands in the database.
    """
    with database.connected("astronomer-runtime allocator") as connection:
        tables.migrate(connection)
        channels.listen(connection, channels.ALLOCATOR)
        _lock(connection)
        allocator = Allocator(connection, chosen)
        while True:
            allocator.pass_once()
            if gauges is not None:
                gauges.send_if_due(connection)
            # What was notified meanwhile stands in the socket, and ends the wait at once.
            select.select([connection], [], [], 0 if connection.notifies else _POLL_SECONDS)
            channels.forget_notifications(connection)


def _lock(connection: Any) -> None:
    """Return when this session holds the lock."""
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
        while True:
            try:
                cursor.execute("SELECT pg_advisory_lock(%s)", (DECISION_LOCK,))
            except psycopg2.errors.LockNotAvailable:
                _end_who_is_silent(cursor)
            else:
                cursor.execute("SET lock_timeout = 0")
                return


def _end_who_is_silent(cursor: Any) -> None:
    # A stopped process keeps its session, and the lock with it.
    cursor.execute(
        """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks l, astronomer_allocator c
        WHERE l.locktype = 'advisory' AND l.granted AND l.database = (
                SELECT oid FROM pg_database WHERE datname = current_database()
            )
            AND (l.classid::bigint << 32) + l.objid::bigint = %s
            AND c.passed_at < now() - make_interval(secs => %s)
        """,
        (DECISION_LOCK, SILENCE_SECONDS),
    )


def _end_with_scheduler() -> None:
    """End this process when the one that holds the other end of its standard input does."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main() -> int:
    """Decide until the scheduler ends; returns an exit code where the configuration is wrong."""
    import psycopg2

    _end_with_scheduler()
    bound_answers(_ANSWER_SECONDS)
    last_error = ""
    try:
        database, chosen = of_environment(os.environ), strategy(os.environ)
        # Before this process holds the lock: Airflow takes seconds to import.
        gauges = Gauges.of_environment(os.environ)
        while True:
            try:
                decide(database, chosen, gauges)
            except psycopg2.Error as error:
                # Its text may name the user: the kind of error tells.
                if type(error).__name__ != last_error:
                    last_error = type(error).__name__
                    say(f"the allocator cannot use the database ({last_error}); it tries again.")
            time.sleep(_RETRY_SECONDS)
    except StartError as error:
        say(str(error))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
