from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from astronomer.runtime.airflow_version import airflow_version

_HEAD = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup
with DAG("dag", start_date=datetime(2022, 1, 1), default_args={default_args}) as dag:
"""

_READ = """
import json, sys
from airflow.models import DagBag
from airflow.serialization.serialized_objects import SerializedDAG
bag = DagBag(sys.argv[1], include_examples=False)
dag = bag.dags.get("dag")
kept = dag and SerializedDAG.from_dict(json.loads(json.dumps(SerializedDAG.to_dict(dag))))
found = {task.task_id: task.executor_config for task in kept.tasks} if kept else {}
print("found", json.dumps([found, list(bag.import_errors.values())]))
"""


def read(folder: Path, body: str, default_args: str = "{}", **environ: str) -> Any:
    """The `executor_config` of each task as a scheduler has it, and the DAG's errors."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / "dags").mkdir()
    (folder / "dags/dag.py").write_text(_HEAD.format(default_args=default_args) + lines + "\n")
    printed = subprocess.run(
        [sys.executable, "-c", _READ, str(folder / "dags")],
        env={
            **os.environ,
            "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "astronomer.runtime.logging.logging_config",
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))),
            **environ,
        },
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    return json.loads(printed.rpartition("found ")[2])


def test_requests_reach_the_scheduler_by_the_operator_s_argument(tmp_path: Path) -> None:
    found, errors = read(
        tmp_path,
        """
BashOperator(task_id="plain", bash_command="true")
BashOperator(task_id="own", bash_command="true",
    resources={"cpu": "1.5", "memory": "1024MB", "slots": "2"})
BashOperator(task_id="both", bash_command="true", resources={"cpu": 1, "slots": 2},
    executor_config={"astronomer": {"slots": 3}, "KubernetesExecutor": {"image": "i"}})
with TaskGroup("group"):
    BashOperator(task_id="inner", bash_command="true", resources={"memory": "1Gi"})
""",
    )
    assert errors == []
    assert found == {
        "plain": {},
        "own": {"astronomer": {"cpu": "1.5", "memory": "1024MB", "slots": "2"}},
        "both": {"astronomer": {"cpu": 1, "slots": 3}, "KubernetesExecutor": {"image": "i"}},
        "group.inner": {"astronomer": {"memory": "1Gi"}},
    }


@pytest.mark.skipif(airflow_version() < (2, 3, 0), reason="cannot store them with a DAG")
def test_airflow_s_own_names_stay_as_they_are(tmp_path: Path) -> None:
    found, errors = read(
        tmp_path,
        'BashOperator(task_id="work", bash_command="true", resources={"cpus": 2, "slots": 3})',
    )
    assert errors == []
    assert found == {"work": {"astronomer": {"slots": 3}}}


def test_default_args_hold_for_all_tasks_that_do_not_say_otherwise(tmp_path: Path) -> None:
    found, errors = read(
        tmp_path,
        """
BashOperator(task_id="first", bash_command="true")
BashOperator(task_id="second", bash_command="true", resources={"slots": 4})
""",
        default_args='{"resources": {"slots": 2}}',
    )
    assert errors == []
    assert found == {"first": {"astronomer": {"slots": 2}}, "second": {"astronomer": {"slots": 4}}}


@pytest.mark.skipif(airflow_version() < (2, 3, 0), reason="has no mapped tasks")
def test_mapped_tasks_each_ask_for_the_same(tmp_path: Path) -> None:
    found, errors = read(
        tmp_path,
        'BashOperator.partial(task_id="mapped", resources={"slots": 2})'
        '.expand(bash_command=["true", "false"])',
    )
    assert errors == []
    assert found == {"mapped": {"astronomer": {"slots": 2}}}


@pytest.mark.parametrize(
    "argument",
    ['resources={"cpu": "much"}', 'executor_config={"astronomer": {"cpu": "much"}}'],
)
def test_a_wrong_request_is_the_dag_s_error_in_one_sentence(tmp_path: Path, argument: str) -> None:
    found, errors = read(
        tmp_path, f'BashOperator(task_id="wrong", bash_command="true", {argument})'
    )
    assert found == {}
    assert errors == [
        "task wrong of dag: `cpu` is 'much'; set it to cores from 0 to 4096, as in \"1.5\" or"
        ' "500m".'
    ]


def test_a_project_s_own_policy_runs_as_well(tmp_path: Path) -> None:
    (tmp_path / "airflow_local_settings.py").write_text(
        "def task_policy(task):\n    task.executor_config = {'astronomer': {'slots': 5}}\n"
    )
    paths = os.pathsep.join(map(os.path.abspath, [str(tmp_path), *filter(None, sys.path)]))
    found, errors = read(
        tmp_path, 'BashOperator(task_id="work", bash_command="true")', PYTHONPATH=paths
    )
    assert errors == []
    assert found == {"work": {"astronomer": {"slots": 5}}}
