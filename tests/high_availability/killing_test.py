"""Whatever dies, and however: all tasks run, and none runs twice at once."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Dict, Iterator, List, Tuple

import pytest

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.high_availability.deployment import RECORDS, Deployment

SHORT, LONG, DEFERRED = 191, 4, 5

_SOURCE = """
import os
import time
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator, get_current_context
from airflow.sensors.date_time import DateTimeSensorAsync


def record(what, task):
    with open("@RECORDS@/runs", "ab", buffering=0) as file:
        file.write(f"{what} {task} {os.getpid()} {time.time()}\\n".encode())


def work(seconds):
    task = get_current_context()["ti"].task_id
    record("START", task)
    time.sleep(seconds)
    record("END", task)


# As in production: what was interrupted may be tried again. A task that never started needs none.
retries = dict(retries=5, retry_delay=timedelta(seconds=1))

with DAG(
    "work", start_date=datetime(2022, 7, 1), schedule_interval=None, max_active_tasks=64
) as dag:
    for number in range(@SHORT@):
        PythonOperator(task_id=f"short-{number}", python_callable=work, op_args=[3], **retries)
    for number in range(@LONG@):
        # More than twice as long as a dead worker's messages are waited for.
        PythonOperator(
            task_id=f"long-{number}", python_callable=work, op_args=[130], queue="long", **retries
        )
    for number in range(@DEFERRED@):
        DateTimeSensorAsync(
            task_id=f"deferred-{number}",
            target_time="{{ (dag_run.start_date + macros.timedelta(seconds=90)).isoformat() }}",
            **retries,
        )
"""

DAG = (
    _SOURCE.replace("@RECORDS@", RECORDS)
    .replace("@SHORT@", str(SHORT))
    .replace("@LONG@", str(LONG))
    .replace("@DEFERRED@", str(DEFERRED))
)

# Seconds.
_PARSE = 120
_DISPATCH = 120
_PAUSE = 15
_HEALTH = 120
_RECOVERY = 900

DEATHS: List[Tuple[str, Tuple[str, ...]]] = [
    ("SIGKILL", ("scheduler-1", "worker-1")),
    ("SIGKILL", ("triggerer",)),
    ("SIGKILL", ("worker-2",)),
    ("SIGKILL", ("redis",)),
    ("SIGTERM", ("scheduler-2",)),
    ("SIGTERM", ("worker-1",)),
    ("SIGTERM", ("triggerer",)),
    ("SIGTERM", ("redis",)),
    # Last: Airflow 2 ends tasks that run while their database is gone, and tries them again.
    ("SIGKILL", ("postgres",)),
    ("SIGTERM", ("postgres",)),
]


@pytest.fixture(scope="module")
def deployment(
    engine: Engine, runtime_image: str, postgres_image: str, redis_image: str
) -> Iterator[Deployment]:
    images = {"airflow": runtime_image, "postgres": postgres_image, "redis": redis_image}
    made = Deployment(engine, images, DAG, {})
    yield made
    made.close()


def test_every_task_runs_whatever_dies(deployment: Deployment) -> None:
    wait_for(
        "the DAG to be parsed",
        lambda: deployment.query("SELECT 1 FROM serialized_dag WHERE dag_id = 'work'"),
        _PARSE,
        deployment.logs,
    )
    deployment.run("airflow", "dags", "trigger", "work", "--run-id", "run")
    wait_for("tasks to run", lambda: len(deployment.records()) > 8, _DISPATCH, deployment.logs)

    for signal, names in DEATHS:
        deployment.replace(signal, *names)
        time.sleep(_PAUSE)

    last_death = time.monotonic()
    state = wait_for(
        "the run to end",
        lambda: deployment.query(
            "SELECT state FROM dag_run WHERE run_id = 'run' AND state IN ('success', 'failed')"
        ),
        _RECOVERY,
        lambda: deployment.query(
            "SELECT state, count(*) FROM task_instance WHERE dag_id = 'work' GROUP BY state"
        )
        + deployment.logs(),
    )
    runs = intervals(deployment.records())
    print(json.dumps(summary(runs, time.monotonic() - last_death)))
    assert state == "success"
    wait_for(
        "every component to be healthy", lambda: not deployment.ill(), _HEALTH, deployment.logs
    )
    assert len(runs) == SHORT + LONG
    for task, executions in runs.items():
        ordered = sorted(executions)
        for (_, end), (start, _) in zip(ordered, ordered[1:]):
            assert end <= start, f"{task} ran twice at once: {ordered}"
    # Their worker lived: no message of theirs was given to anybody else.
    assert all(len(runs[f"long-{number}"]) == 1 for number in range(LONG))


def intervals(records: List[str]) -> Dict[str, List[Tuple[float, float]]]:
    """Begin and end of every execution by task; one that was killed ends with its last sign."""
    started: Dict[Tuple[str, str], float] = {}
    found: Dict[str, List[Tuple[float, float]]] = defaultdict(list)
    for record in records:
        what, task, pid, moment = record.split()
        if what == "START":
            started[task, pid] = float(moment)
        else:
            found[task].append((started.pop((task, pid)), float(moment)))
    for (task, _), last_sign in started.items():
        found[task].append((last_sign, last_sign))
    return found


def summary(runs: Dict[str, List[Tuple[float, float]]], recovery: float) -> Dict[str, float]:
    """What is worth comparing between two runs of this test."""
    return {
        "tasks": len(runs),
        "tasks_started_again": sum(len(executions) > 1 for executions in runs.values()),
        "seconds_from_the_last_death_to_the_end": round(recovery),
    }
