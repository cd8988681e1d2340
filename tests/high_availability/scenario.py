"""Each component of a deployment dies in turn while 200 tasks run."""

from __future__ import annotations

import time
from typing import Callable, List, Mapping, NamedTuple, Sequence, Tuple

from tests.engine.waiting import wait_for
from tests.high_availability.deployment import Death, Deployment
from tests.high_availability.work import LONG

DEATHS: Sequence[Tuple[str, Tuple[str, ...]]] = [
    ("SIGKILL", ("scheduler-1", "worker-1")),
    ("SIGKILL", ("redis",)),
    ("SIGTERM", ("redis",)),
    ("SIGKILL", ("triggerer",)),
    ("SIGKILL", ("worker-2",)),
    ("SIGTERM", ("scheduler-2",)),
    ("SIGTERM", ("worker-1",)),
    ("SIGTERM", ("triggerer",)),
]

# Once the long tasks have ended: Airflow 2 ends tasks that run while their database is gone, and
# tries them again.
LAST_DEATHS: Sequence[Tuple[str, Tuple[str, ...]]] = [
    ("SIGKILL", ("postgres",)),
    ("SIGTERM", ("postgres",)),
]

SETTINGS: Mapping[str, str] = {
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
    "AIRFLOW__SCHEDULER__PARSING_PROCESSES": "1",
    # Each task would look for others to run next; these have none, and there are 200.
    "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
}
"""What makes the run short on a small machine, for a deployment with defaults of any origin."""

# Seconds.
_DISPATCH = 480
_LONG = 600
_PAUSE = 5


class Outcome(NamedTuple):
    """How the run ended."""

    state: str
    """Airflow's word; empty where it had not ended in time."""

    deaths: List[Death]

    seconds: float
    """From the last death to the end."""


def play(deployment: Deployment, seconds: float, say: Callable[[str], None] = print) -> Outcome:
    """Wait for the run to begin, let each component die, and wait for the end of the run.

    Args:
        deployment: With the DAG of `work`.
        seconds: How long the run may take after the last death.
        say: Told what happens.
    """
    wait_for("tasks to run", lambda: len(deployment.records()) > 8, _DISPATCH, deployment.logs)

    deaths = [_kill(deployment, say, *each) for each in DEATHS]
    wait_for("the long tasks to end", lambda: _long_ended(deployment), _LONG, deployment.logs)
    deaths += [_kill(deployment, say, *each) for each in LAST_DEATHS]

    start = time.monotonic()
    state = ""
    while not state and time.monotonic() < start + seconds:
        time.sleep(1)
        state = deployment.query("SELECT state FROM dag_run WHERE state IN ('success', 'failed')")
    return Outcome(state, deaths, round(time.monotonic() - start))


def states(deployment: Deployment) -> str:
    """How many task instances are in which state."""
    return deployment.query(
        "SELECT state, count(*) FROM task_instance WHERE dag_id = 'work' GROUP BY state ORDER BY 1"
    )


def lateness(deployment: Deployment) -> List[float]:
    """Seconds by which each deferred task ended after the moment that it waited for."""
    rows = deployment.query(
        "SELECT task_id, extract(epoch FROM task_instance.end_date - dag_run.start_date)"
        " FROM task_instance JOIN dag_run USING (dag_id, run_id)"
        " WHERE task_id LIKE 'deferred-%' AND task_instance.state = 'success'"
    )
    found = [row.split("|") for row in rows.splitlines()]
    return sorted(round(float(end) - float(task.split("-")[1]), 1) for task, end in found)


def _kill(
    deployment: Deployment, say: Callable[[str], None], signal: str, names: Sequence[str]
) -> Death:
    death = deployment.replace(signal, *names)
    say(f"{signal} to {', '.join(names)}; there again after {time.time() - death.moment:.0f} s")
    time.sleep(_PAUSE)
    return death


def _long_ended(deployment: Deployment) -> bool:
    # Their records end before Airflow has written that they succeeded.
    ended = "SELECT count(*) FROM task_instance WHERE task_id LIKE 'long-%' AND state = 'success'"
    return deployment.query(ended) == str(LONG)
