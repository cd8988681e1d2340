"""A DAG from trigger to success, with the Runtime executor and a runner of its own container."""

from __future__ import annotations

import json

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import run_greeting, start_component, start_scheduler
from tests.stack.postgres import Database

_SETTINGS = {"ASTRONOMER_RUNTIME_EXECUTOR": "True"}
_RUNNER = ["astronomer-runtime", "runner", "--name", "one"]


def test_a_dag_runs_by_a_runner(engine: Engine, runtime_image: str, database: Database) -> None:
    with start_component(engine, runtime_image, database, _RUNNER, _SETTINGS) as runner:
        with start_scheduler(engine, runtime_image, database, _SETTINGS) as scheduler:
            logs = run_greeting(scheduler, database, worker=runner)

            assert "hello from bash" in logs["shell"]
            assert "I am astro" in logs["python"]
            wait_for("the runner's lines", lambda: runner.logs().count("; succeeded") == 2, 30)
            shown = runner.exec(["astronomer-runtime", "executor", "status", "--json"]).checked()
            (one,) = json.loads(shown.stdout)["runners"]
            assert one["name"] == "one"
            assert runner.exec(["astronomer-runtime", "health"]).exit_code == 0
            assert scheduler.stop(seconds=10).exit_code == 0
            assert runner.stop(seconds=30).exit_code == 0
