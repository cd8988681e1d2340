"""Health of a runner: its process runs, and its lease in the database is valid."""

from __future__ import annotations

import socket
from typing import Mapping, Optional

from astronomer.runtime.health.process import check_process
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within

_NAME = "runner"


def check_runner(environ: Mapping[str, str], seconds: float, pid: Optional[int] = None) -> Health:
    """Look at the runner of this container.

    Args:
        environ: Its variables.
        seconds: Bound of the question to the database.
        pid: Its process; None where this container was started for something else.
    """
    # Imported here: an image of Airflow 3 does not hold it.
    from astronomer.runtime.executor.connection import of_environment

    if pid is not None:
        process = check_process(_NAME, pid)
        if not process.healthy:
            return process
    host = socket.gethostname()
    database = of_environment(environ)

    def ask() -> "list[tuple[str, str, float]]":
        with database.connected("astronomer-runtime health", seconds) as connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    """
                    SELECT name, state, extract(epoch FROM lease_until - now())::float8
                    FROM astronomer_runner WHERE host = %s AND state <> 'ended'
                    ORDER BY lease_until DESC LIMIT 1
                    """,
                    (host,),
                )
                return list(cursor.fetchall())

    try:
        found = within(seconds, ask)
    except Exception as error:
        # What is wrong is not ours to say: the driver's text may hold the password.
        reason = f"the database cannot be asked ({type(error).__name__})"
        return Health(_NAME, False, reason, outside=True)
    if not found:
        return Health(_NAME, False, f"no runner of host {host} is in the database")
    name, state, left = found[0]
    if left <= 0:
        return Health(_NAME, False, f"the lease of {name} ended {-left:.0f} s ago")
    if state == "draining":
        reason = f"{name} finishes what it runs and takes no more tasks"
        return Health(_NAME, False, reason, outside=True)
    return Health(_NAME, True, f"{name} takes tasks, and its lease runs for {left:.0f} s")
