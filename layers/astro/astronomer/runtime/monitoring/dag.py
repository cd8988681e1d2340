"""The DAG `astronomer_monitoring_dag`: one task that does nothing, every five minutes.

Airflow takes DAGs from the DAGs folder alone, which is the project's. So it is there where a file
of the project's imports it, and nowhere else.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from astronomer.runtime import options

SCHEDULE = "AIRFLOW_MONITORING_DAG_SCHEDULE_INTERVAL"
"""Variable with another schedule, in any form that Airflow reads from a text."""

PAUSE = "PAUSE_ASTRONOMER_MONITORING_DAG"
"""Variable that has the DAG paused when Airflow first sees it."""

with DAG(
    "astronomer_monitoring_dag",
    description="That its runs succeed says that scheduler, workers and database work together.",
    schedule_interval=os.environ.get(SCHEDULE) or "*/5 * * * *",
    start_date=datetime(2022, 1, 1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    is_paused_upon_creation=options.is_true(os.environ.get(PAUSE, "")),
    tags=["monitoring"],
) as dag:
    # Before all that waits: it tells of workers that do not come, not of a busy hour.
    BashOperator(task_id="run_a_task", bash_command="true", priority_weight=2**31 - 1)
