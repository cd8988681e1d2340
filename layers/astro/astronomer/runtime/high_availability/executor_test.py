from __future__ import annotations

from airflow.executors.celery_executor import CeleryExecutor as Airflows
from airflow.executors.executor_loader import ExecutorLoader

OURS = "astronomer.runtime.high_availability.executor.CeleryExecutor"


def test_airflow_loads_it_by_its_path_and_knows_it_by_the_same_name() -> None:
    made = ExecutorLoader.load_executor(OURS)
    assert isinstance(made, Airflows)
    assert type(made).__name__ == Airflows.__name__
