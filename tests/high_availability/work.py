"""The DAG whose tasks run while components die, and what its tasks say of their executions."""

from __future__ import annotations

from collections import defaultdict
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from tests.high_availability.deployment import RECORDS

SHORT, LONG, DEFERRED = 191, 4, 5

_SOURCE = """
import os
import time
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator, get_current_context
from airflow.sensors.date_time import DateTimeSensorAsync


def record(what, task):
    line = f"{what} {task} {os.environ['COMPONENT']} {os.getpid()} {time.time()}\\n"
    with open("@RECORDS@/runs", "ab", buffering=0) as file:
        file.write(line.encode())


def work(seconds):
    task = get_current_context()["ti"].task_id
    record("START", task)
    time.sleep(seconds)
    record("END", task)


# As in production: what was interrupted may be tried again. A task that never started needs none.
retries = dict(retries=5, retry_delay=timedelta(seconds=1))

with DAG(
    "work", start_date=datetime(2022, 7, 1), schedule_interval="@once", max_active_tasks=64
) as dag:
    for number in range(@SHORT@):
        PythonOperator(task_id=f"short-{number}", python_callable=work, op_args=[3], **retries)
    for number in range(@LONG@):
        PythonOperator(
            task_id=f"long-{number}",
            python_callable=work,
            op_args=[@LONG_SECONDS@],
            queue="long",
            priority_weight=10,
            **retries,
        )
    for number in range(@DEFERRED@):
        due = 20 + 15 * number
        target = f"dag_run.start_date + macros.timedelta(seconds={due})"
        DateTimeSensorAsync(
            task_id=f"deferred-{due}",
            target_time="{{ (" + target + ").isoformat() }}",
            queue="long",
            priority_weight=10,
            **retries,
        )
"""


def dag(long_seconds: int) -> str:
    """Its source.

    Args:
        long_seconds: What a long task takes: more than twice as long as a dead worker's messages
            are waited for.
    """
    return (
        _SOURCE.replace("@RECORDS@", RECORDS)
        .replace("@SHORT@", str(SHORT))
        .replace("@LONG@", str(LONG))
        .replace("@LONG_SECONDS@", str(long_seconds))
        .replace("@DEFERRED@", str(DEFERRED))
    )


class Execution(NamedTuple):
    """One process that did a task's work."""

    component: str

    start: float
    """Seconds since 1970."""

    end: Optional[float]
    """None where the process was killed."""


def executions(records: Sequence[str]) -> Dict[str, List[Execution]]:
    """All executions by task, in the order in which they began."""
    found: Dict[str, List[Execution]] = defaultdict(list)
    begun: Dict[Tuple[str, str, str], int] = {}
    for record in sorted(records, key=lambda each: float(each.split()[-1])):
        what, task, component, pid, moment = record.split()
        if what == "START":
            begun[task, component, pid] = len(found[task])
            found[task].append(Execution(component, float(moment), None))
        else:
            # The last one: a container that is there again counts its processes anew.
            number = begun[task, component, pid]
            found[task][number] = found[task][number]._replace(end=float(moment))
    return dict(found)


def overlaps(runs: Dict[str, List[Execution]]) -> List[str]:
    """The tasks that began again while another process did their work."""
    return [
        task
        for task, ordered in runs.items()
        for one, other in zip(ordered, ordered[1:])
        if one.end is not None and one.end > other.start
    ]
