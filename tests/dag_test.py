"""A DAG from trigger to success, with LocalExecutor and a real database."""

from __future__ import annotations

from tests.engine.session import Engine
from tests.stack.airflow import HOME, run_greeting, start_scheduler
from tests.stack.postgres import Database


def test_a_dag_runs_to_success_and_its_logs_are_there(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_scheduler(engine, runtime_image, database) as scheduler:
        logs = run_greeting(scheduler, database)

        assert "hello from bash" in logs["shell"]
        assert "I am astro" in logs["python"]
        assert scheduler.stop(seconds=10).exit_code == 0


def test_a_dag_runs_as_an_arbitrary_user_of_the_root_group(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_scheduler(engine, runtime_image, database, user="12345:0") as scheduler:
        logs = run_greeting(scheduler, database)

        assert "I am astro" in logs["python"]
        owner = scheduler.exec(["stat", "--format=%u:%g", f"{HOME}/logs/dag_id=greeting"])
        assert owner.checked().stdout == "12345:0\n"


def test_a_dag_runs_on_a_read_only_filesystem(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_scheduler(
        engine,
        runtime_image,
        database,
        read_only=True,
        tmpfs={"/tmp": "", HOME: "mode=0775,uid=50000,gid=0"},
    ) as scheduler:
        logs = run_greeting(scheduler, database)

        assert "hello from bash" in logs["shell"]
