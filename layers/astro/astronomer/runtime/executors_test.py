from __future__ import annotations

from pathlib import Path

import pytest
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.conftest import airflow_3
from astronomer.runtime.executors import RUNTIME_EXECUTOR, TaskPlaces, executor_names, task_places

HERE, BOTH, ELSEWHERE = (
    TaskPlaces(True, True),
    TaskPlaces(True, False),
    TaskPlaces(False, False),
)


@pytest.mark.parametrize(
    "option, places",
    [
        ("LocalExecutor", HERE),
        ("mine:LocalExecutor", HERE),
        ("airflow.executors.local_executor.LocalExecutor", HERE),
        ("mine:airflow.executors.local_executor.LocalExecutor", HERE),
        ("=LocalExecutor", HERE),
        ("LocalExecutor, CeleryExecutor", BOTH),
        ("CeleryExecutor;team=LocalExecutor", BOTH),
        ("LocalExecutor;team=LocalExecutor", HERE),
        ("LocalKubernetesExecutor", BOTH),
        ("CeleryExecutor,KubernetesExecutor", ELSEWHERE),
        (
            "airflow.providers.celery.executors.celery_executor.CeleryExecutor",
            ELSEWHERE,
        ),
        ("include.executors.LocalExecutor", ELSEWHERE),
        (RUNTIME_EXECUTOR, ELSEWHERE),
        ("LocalExecutor,", HERE),
        ("", ELSEWHERE),
    ],
)
def test_an_executor_says_where_tasks_run(tmp_path: Path, option: str, places: TaskPlaces) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__EXECUTOR": option}
    environ["AIRFLOW__CORE__MULTI_TEAM"] = "True"
    assert task_places(Sources(environ, airflow_3(tmp_path))) == places


def test_executors_of_teams_count_where_there_are_teams(tmp_path: Path) -> None:
    option = "LocalExecutor;team=CeleryExecutor"
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__EXECUTOR": option}
    assert task_places(Sources(environ, airflow_3(tmp_path))) == HERE


def test_the_executors_of_all_teams_are_found() -> None:
    option = "CeleryExecutor;one=LocalExecutor,mine:include.Executor;two=KubernetesExecutor"
    assert list(executor_names(option, teams=True)) == [
        "CeleryExecutor",
        "LocalExecutor",
        "include.Executor",
        "KubernetesExecutor",
    ]
