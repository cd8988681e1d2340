"""A scheduler's executor, tasks that it has sent, and a Redis that may have lost their messages."""

from __future__ import annotations

import multiprocessing
import os
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from astronomer.runtime.testing.redis import RedisServer

# Celery's application is made of these when it is imported.
os.environ[
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS"
] = "astronomer.runtime.high_availability.celery_config.CELERY_CONFIG"
os.environ["AIRFLOW__CELERY__BROKER_URL"] = "redis://127.0.0.1:9/0"
os.environ["AIRFLOW__CELERY__RESULT_BACKEND"] = f"db+sqlite:///{os.environ['AIRFLOW_HOME']}/r.db"

QUEUE = "default"

_SEARCH_SECONDS = 90


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.thaw()
    server.kill()


class Scheduler:
    """Airflow's loop as far as the executor sees it, with a clock that the test turns."""

    def __init__(self, broker: str, options: Dict[str, Any]) -> None:
        from airflow.executors.celery_executor import app
        from astronomer.runtime.high_availability.executor import CeleryExecutor
        from astronomer.runtime.high_availability.lost_messages import LostMessages

        app.conf.broker_url = broker
        app.conf.broker_transport_options = options
        self.seconds = 0.0
        self.executor = CeleryExecutor()
        self.executor.lost_messages = LostMessages(lambda: self.seconds)
        self.longest_turn = 0.0
        """Seconds that a turn of the loop has taken."""

    def turn(self) -> None:
        """What the loop does at every turn."""
        start = time.perf_counter()
        self.executor.sync()
        self.longest_turn = max(self.longest_turn, time.perf_counter() - start)

    def look(self) -> None:
        """Let one search begin and end."""
        self.seconds += 1000
        self.turn()
        deadline = time.monotonic() + _SEARCH_SECONDS
        while multiprocessing.active_children():
            assert time.monotonic() < deadline, "the search does not end"
            time.sleep(0.01)
        self.turn()

    def queue(self, dag_id: str = "kept", queue: str = QUEUE, task_id: Optional[str] = None) -> str:
        """Have a task that is queued and was sent a minute ago; returns its Celery id."""
        from celery.result import AsyncResult

        celery_id = task_id or str(uuid.uuid4())
        key = queued_task_instance(dag_id, celery_id, queue)
        self.executor.tasks[key] = AsyncResult(celery_id)
        return celery_id


@pytest.fixture
def scheduler(
    airflow_database: Path, redis_server: RedisServer
) -> Iterator[Callable[..., Scheduler]]:
    """Makes one with a broker's URL, Redis' by default, and options of its transport."""
    from airflow.models import DagModel, DagRun, TaskInstance
    from airflow.utils.session import create_session

    made: List[Scheduler] = []

    def make(broker: str = redis_server.url, **options: Any) -> Scheduler:
        made.append(Scheduler(broker, options))
        return made[-1]

    yield make
    for each in made:
        each.executor.end()
    with create_session() as session:
        for model in (TaskInstance, DagRun, DagModel):
            session.query(model).delete()


def queued_task_instance(dag_id: str, celery_id: str, queue: str) -> Any:
    """Write a DAG with a run and a task that is queued; returns the task instance's key."""
    from airflow import DAG
    from airflow.models import DagModel, TaskInstance
    from airflow.operators.bash import BashOperator
    from airflow.utils.session import create_session
    from airflow.utils.state import State
    from airflow.utils.timezone import utcnow
    from airflow.utils.types import DagRunType

    start = utcnow() - timedelta(days=1)
    with DAG(dag_id, start_date=start) as dag:
        BashOperator(task_id="work", bash_command="true", queue=queue)
    with create_session() as session:
        session.merge(DagModel(dag_id=dag_id, fileloc=f"/dags/{dag_id}.py"))
    run = dag.create_dagrun(
        run_id=celery_id, run_type=DagRunType.MANUAL, execution_date=utcnow(), state=State.RUNNING
    )
    with create_session() as session:
        session.query(TaskInstance).filter(TaskInstance.run_id == run.run_id).update(
            {
                TaskInstance.state: State.QUEUED,
                TaskInstance.queue: queue,
                TaskInstance.queued_dttm: utcnow() - timedelta(minutes=1),
                TaskInstance.external_executor_id: celery_id,
            },
            synchronize_session=False,
        )
        (ti,) = session.query(TaskInstance).filter(TaskInstance.run_id == run.run_id)
        return ti.key
