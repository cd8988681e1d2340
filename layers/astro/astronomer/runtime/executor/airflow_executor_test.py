"""A scheduler and runners of Airflow's, as processes, on a Postgres."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.executor.conftest import airflow_environment
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.testing.postgres import PostgresServer

_DAG = """
import os, time
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.sensors.python import PythonSensor

FOLDER = os.path.dirname(os.path.dirname(__file__))

def mark(context, what):
    ti = context["ti"]
    with open(f"{FOLDER}/runs", "a") as runs:
        runs.write(f"{ti.task_id} {ti.try_number} {what} {time.time()}\\n")

def work(seconds=0, **context):
    mark(context, "start")
    time.sleep(seconds)
    mark(context, "end")

def waits(**context):
    return os.path.exists(f"{FOLDER}/go")

with DAG("dag", start_date=datetime(2022, 1, 1), schedule_interval=None, catchup=False,
         is_paused_upon_creation=False,
         default_args={"retries": 2, "retry_delay": timedelta(0)}) as dag:
"""


class Deployment:
    """A scheduler, runners and a DAG."""

    def __init__(self, home: Path, database: Database, server: PostgresServer) -> None:
        self.home = home
        self._name = database.url.rpartition("/")[2]
        self._server = server
        self.environ = {
            **airflow_environment(database.url, home),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5",
            # Not so short that a busy machine ends it.
            "AIRFLOW__ASTRONOMER__RUNNER_LEASE_SECONDS": "10",
        }
        self.processes: Dict[str, "subprocess.Popen[bytes]"] = {}
        (home / "dags").mkdir(parents=True)

    def write_dag(self, tasks: str) -> None:
        """Write the DAG with these tasks."""
        lines = "\n".join(f"    {line}" for line in tasks.splitlines())
        (self.home / "dags/dag.py").write_text(_DAG + lines + "\n")

    def scheduler(self, name: str = "scheduler") -> "subprocess.Popen[bytes]":
        """Start one."""
        return self._start(name, [sys.executable, "-m", "airflow", "scheduler"])

    def runner(self, name: str = "one", *arguments: str) -> "subprocess.Popen[bytes]":
        """Start one."""
        code = "import sys; from astronomer.runtime.cli import main; sys.exit(main())"
        return self._start(name, [sys.executable, "-c", code, "runner", "--name", name, *arguments])

    def trigger(self) -> None:
        """Have the DAG run once, as soon as the scheduler knows it."""
        self.wait(lambda: self.sql("SELECT 1 FROM serialized_dag WHERE dag_id = 'dag'"))
        subprocess.run(
            [sys.executable, "-m", "airflow", "dags", "trigger", "dag"],
            env=self.environ,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def sql(self, statement: str, *values: Any) -> List[Any]:
        """Run a statement; returns its rows."""
        return self._server.execute(statement, self._name, *values)

    def run_state(self) -> str:
        """The state of the DAG's run."""
        return str((self.sql("SELECT state FROM dag_run") or [("none",)])[0][0])

    def marks(self) -> List[List[str]]:
        """What tasks have written: task, try, what, and when."""
        path = self.home / "runs"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def output(self, name: str) -> str:
        """What a process has written."""
        return (self.home / f"{name}.out").read_text()

    def log(self, task_id: str) -> str:
        """The log of a task's first try."""
        found = [log for log in self.home.glob("logs/**/1.log") if task_id in str(log)]
        found += [log for log in self.home.glob("logs/**/*=1.log") if task_id in str(log)]
        return "".join(log.read_text() for log in found)

    def wait(self, condition: Callable[[], Any], seconds: float = 240) -> None:
        """Return when the condition is true; fail with what was written otherwise."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                tis = self.sql("SELECT task_id, state, try_number FROM task_instance")
                rows = self.sql("SELECT task_id, state, owner, reason FROM astronomer_allocation")
                outputs = [f"{name}:\n{self.output(name)[-6000:]}" for name in self.processes]
                raise AssertionError("\n".join([str(tis), str(rows), *outputs]))
            time.sleep(0.2)

    def end(self) -> None:
        """Kill what still runs."""
        for each in self.processes.values():
            try:
                os.killpg(each.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            each.wait()

    def _start(self, name: str, words: List[str]) -> "subprocess.Popen[bytes]":
        with (self.home / f"{name}.out").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                words,
                env=self.environ,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        return self.processes[name]


@pytest.fixture
def airflow(deployment: Database, postgres: PostgresServer, tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path / "home", deployment, postgres)
    yield made
    made.end()


def test_a_dag_runs_with_what_its_tasks_ask_for(airflow: Deployment) -> None:
    tasks = """
last = PythonOperator(task_id="last", python_callable=work,
    resources={"cpu": "0.5", "memory": "600MB", "slots": "2"})
BashOperator(task_id="shell", bash_command="true") >> last
PythonSensor(task_id="sensor", python_callable=waits, mode="reschedule", poke_interval=1) >> last
BashOperator(task_id="again", bash_command="test {{ ti.try_number }} -gt 1") >> last
"""
    if airflow_version() >= (2, 3, 0):
        tasks += """
mapped = BashOperator.partial(task_id="mapped", resources={"slots": 3})
mapped.expand(bash_command=["true", "true"]) >> last
"""
    airflow.write_dag(tasks)
    airflow.scheduler()
    airflow.runner("one", "--cpu", "4", "--memory", "4Gi")
    airflow.trigger()
    airflow.wait(
        lambda: airflow.sql("SELECT 1 FROM task_instance WHERE state = 'up_for_reschedule'")
    )
    (airflow.home / "go").touch()
    airflow.wait(lambda: airflow.run_state() in ("success", "failed"))
    assert airflow.run_state() == "success"
    asked = airflow.sql(
        "SELECT DISTINCT task_id, cpu_millis, memory_bytes, slots FROM astronomer_allocation"
    )
    assert ("last", 500, 600_000_000, 2) in asked
    assert ("shell", 0, 0, 1) in asked
    if airflow_version() >= (2, 3, 0):
        assert ("mapped", 0, 0, 3) in asked
        maps = airflow.sql(
            "SELECT map_index FROM astronomer_allocation WHERE task_id = 'mapped' ORDER BY 1"
        )
        assert maps == [(0,), (1,)]
    tries = airflow.sql(
        "SELECT try_number FROM astronomer_allocation WHERE task_id = 'again' ORDER BY id"
    )
    assert tries == [(1,), (2,)]
    airflow.wait(
        lambda: airflow.sql(
            "SELECT count(*) FROM astronomer_allocation WHERE state <> 'completed' OR NOT reported"
        )
        == [(0,)]
    )
    assert "last" in airflow.output("one")


def test_another_scheduler_adopts_what_a_killed_one_had_queued(airflow: Deployment) -> None:
    airflow.write_dag(
        """
first = PythonOperator(task_id="runs", python_callable=work, op_kwargs={"seconds": 20}, retries=0)
PythonOperator(task_id="waits", python_callable=work, queue="later", retries=0)
"""
    )
    first = airflow.scheduler("first")
    airflow.runner("one")
    airflow.trigger()
    airflow.wait(lambda: [mark[:3] for mark in airflow.marks()] == [["runs", "1", "start"]])
    airflow.wait(
        lambda: airflow.sql(
            "SELECT 1 FROM astronomer_allocation WHERE reason = 'No runner serves queue ''later''.'"
        )
    )
    airflow.wait(lambda: airflow.sql("SELECT 1 FROM log WHERE event = 'task waits'"))
    said = "The task waits: No runner serves queue 'later'."
    airflow.wait(lambda: said in airflow.log("waits"))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    airflow.scheduler("second")
    airflow.runner("two", "--queues", "later")
    airflow.wait(lambda: airflow.run_state() in ("success", "failed"))
    assert airflow.run_state() == "success"
    marks = sorted(mark[:3] for mark in airflow.marks())
    assert marks == [
        ["runs", "1", "end"],
        ["runs", "1", "start"],
        ["waits", "1", "end"],
        ["waits", "1", "start"],
    ]
    assert airflow.log("waits").count(said) == 1
    assert "Task exited with return code 0" in airflow.log("waits")


def test_what_a_killed_runner_had_begun_is_tried_again_and_what_waits_goes_on(
    airflow: Deployment,
) -> None:
    airflow.write_dag(
        'PythonOperator(task_id="long", python_callable=work, op_kwargs={"seconds": 6})'
    )
    airflow.scheduler()
    first = airflow.runner("one")
    airflow.trigger()
    airflow.wait(airflow.marks)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    airflow.runner("two")
    airflow.wait(lambda: airflow.run_state() in ("success", "failed"))
    assert airflow.run_state() == "success"
    marks = airflow.marks()
    assert [mark[:3] for mark in marks if mark[2] == "end"] == [["long", "2", "end"]]
    assert airflow.sql("SELECT event FROM log WHERE owner = 'astronomer-runtime'") == [
        ("runner ended",)
    ]


@pytest.mark.parametrize("url", ["sqlite:////tmp/nowhere.db", "mysql://127.0.0.1/airflow"])
def test_a_runner_on_another_database_is_refused_in_a_sentence(
    airflow: Deployment, url: str
) -> None:
    for name in ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        airflow.environ[name] = url
    runner = airflow.runner()
    assert runner.wait(60) == 78
    assert "works with PostgreSQL alone" in airflow.output("one")
    assert "Traceback" not in airflow.output("one")


def test_a_scheduler_beside_tables_of_a_later_release_is_refused_in_a_sentence(
    airflow: Deployment,
) -> None:
    airflow.sql("UPDATE astronomer_executor_version SET version = 999")
    assert airflow.scheduler().wait(120) == 78
    assert "tables are of version 999, and this release knows" in airflow.output("scheduler")
