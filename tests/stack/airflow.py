"""Airflow's environment in the tests, and one DAG run through a real scheduler."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.postgres import Database

HOME = "/usr/local/airflow"
DAGS = f"{HOME}/dags"

# What `astro dev start` gives to every container.
FERNET_KEY = "d6Vefz3G9U_ynXB3cr7y_Ak35tAHkEGAVxuz_B-jzWw="

GREETING_DAG = """
from datetime import datetime
from getpass import getuser

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

with DAG("greeting", start_date=datetime(2022, 7, 1), schedule_interval=None) as dag:
    shell = BashOperator(task_id="shell", bash_command="echo hello from bash")
    python = PythonOperator(task_id="python", python_callable=lambda: print("I am", getuser()))
    shell >> python
"""

_PARSE_SECONDS = 60
_RUN_SECONDS = 120


def environment(url: str) -> Dict[str, str]:
    """Variables of an Airflow container that uses the database at `url`."""
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
    }


def start_scheduler(
    engine: Engine,
    image: str,
    database: Database,
    settings: Mapping[str, str] = {},
    **options: Any,
) -> Container:
    """Starts a scheduler that has the greeting DAG.

    Args:
        engine, image, database: Where, what, and with which database.
        settings: Variables on top of `environment`.
        options: Further options of `Engine.start`.
    """
    return start_component(engine, image, database, ["airflow", "scheduler"], settings, **options)


def start_component(
    engine: Engine,
    image: str,
    database: Database,
    argv: Sequence[str],
    settings: Mapping[str, str] = {},
    **options: Any,
) -> Container:
    """As `start_scheduler`, for any command."""
    dags = engine.volume(image, DAGS, {"greeting.py": GREETING_DAG})
    return engine.start(
        image,
        argv,
        network=database.network,
        environment={**environment(database.url), **settings},
        volumes={dags: {"bind": DAGS, "mode": "ro"}},
        **options,
    )


def run_greeting(
    scheduler: Container, database: Database, worker: Optional[Container] = None
) -> Dict[str, str]:
    """Triggers the greeting DAG and waits for its success.

    Args:
        scheduler: Where it is triggered.
        database: Of both.
        worker: Where its tasks run; None for the scheduler's container.

    Returns:
        The task logs by task id, as they lie where the tasks run.
    """
    wait_for(
        "the DAG to be parsed",
        lambda: database.query("SELECT 1 FROM dag WHERE dag_id = 'greeting'"),
        _PARSE_SECONDS,
        scheduler.logs,
    )
    trigger = ["airflow", "dags", "trigger", "greeting", "--run-id", "run"]
    scheduler.exec(trigger).checked()
    state = wait_for(
        "the DAG run to end",
        lambda: database.query(
            "SELECT state FROM dag_run WHERE run_id = 'run' AND state IN ('success', 'failed')"
        ),
        _RUN_SECONDS,
        scheduler.logs,
    )
    logs = {task: _task_log(worker or scheduler, task) for task in ("shell", "python")}
    assert state == "success", "\n".join(logs.values())
    return logs


def _task_log(worker: Container, task: str) -> str:
    path = f"{HOME}/logs/dag_id=greeting/run_id=run/task_id={task}/attempt=1.log"
    return worker.exec(["cat", path]).output
