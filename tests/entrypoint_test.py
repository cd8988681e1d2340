from __future__ import annotations

from typing import Dict, List

import pytest

from tests.engine.session import Engine
from tests.stack.airflow import environment, start_scheduler
from tests.stack.postgres import Database, Postgres

NOT_READY = 75
MISCONFIGURED = 78

# Nothing listens on this port of a container's loopback interface.
NOWHERE = "127.0.0.1:9"


def test_it_gives_up_on_a_database_that_does_not_answer(engine: Engine, base_image: str) -> None:
    finished = engine.run(
        base_image,
        ["airflow", "scheduler"],
        environment={
            **environment(f"postgresql://someone:secret@{NOWHERE}/airflow"),
            "ASTRONOMER_RUNTIME_WAIT_TIMEOUT": "3",
        },
    )

    assert finished.exit_code == NOT_READY
    assert f"gave up after 3 s of waiting for the database at {NOWHERE}" in finished.stderr
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in finished.stderr
    assert "secret" not in finished.output
    assert "Traceback" not in finished.output


def test_it_gives_up_on_a_broker_that_does_not_answer(
    engine: Engine, base_image: str, database: Database
) -> None:
    finished = engine.run(
        base_image,
        ["airflow", "celery", "worker"],
        network=database.network,
        environment={
            **environment(database.url),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://{NOWHERE}/0",
            "ASTRONOMER_RUNTIME_WAIT_TIMEOUT": "3",
        },
    )

    assert finished.exit_code == NOT_READY
    assert f"gave up after 3 s of waiting for the broker at {NOWHERE}" in finished.stderr


def test_it_waits_for_a_database_that_comes_late(
    engine: Engine, base_image: str, postgres_image: str
) -> None:
    pause = engine.start(base_image, ["sleep", "infinity"])
    # Nothing listens on the first host, and the driver tries the second.
    url = "postgresql+psycopg2://postgres@127.0.0.9:9/postgres?host=127.0.0.9,127.0.0.1&port=5432"
    airflow = engine.start(
        base_image, ["airflow", "db", "check"], network=pause.network, environment=environment(url)
    )
    airflow.wait_for_log("waiting for the database at 127.0.0.9:5432 or 127.0.0.1:5432", seconds=60)

    trust = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    engine.start(postgres_image, network=pause.network, environment=trust)

    assert "Connection successful" in airflow.wait(seconds=120).checked().output


@pytest.mark.parametrize(
    "argv, answer",
    [
        (["airflow", "version"], "2.3.3"),
        (["version"], "2.3.3"),
        (["bash", "-c", "airflow version"], "2.3.3"),
        (["bash", "-c", 'echo "$0 and $1"', "one", "two"], "one and two"),
        (["python", "-c", "print('from python')"], "from python"),
        ([], "usage: airflow"),
    ],
    ids=["airflow", "bare", "bash", "bash with arguments", "another program", "nothing"],
)
def test_it_runs(engine: Engine, base_image: str, argv: List[str], answer: str) -> None:
    assert answer in engine.run(base_image, argv).checked().stdout


def test_it_passes_on_the_command_s_exit_code(engine: Engine, base_image: str) -> None:
    assert engine.run(base_image, ["bash", "-c", "exit 42"]).exit_code == 42


def test_it_names_a_program_that_is_not_there(engine: Engine, base_image: str) -> None:
    finished = engine.run(base_image, ["no-such-program"])

    assert finished.exit_code == 127
    assert "no-such-program" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_stopped_scheduler_ends_in_order(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_scheduler(engine, runtime_image, database) as scheduler:
        scheduler.wait_for_log("Starting the scheduler", seconds=120)
        scheduler.wait_for_log("Launched DagFileProcessorManager", seconds=60)

        assert scheduler.stop(seconds=10).exit_code == 0


def test_a_celery_worker_starts_beside_its_broker_and_ends_in_order(
    engine: Engine, runtime_image: str, redis_image: str, database: Database
) -> None:
    variables = {
        **environment(database.url),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:6379/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database.url}",
    }
    command = ["airflow", "celery", "worker"]
    with (
        engine.start(redis_image, network=database.network),
        engine.start(
            runtime_image, command, network=database.network, environment=variables
        ) as worker,
    ):
        worker.wait_for_log(" ready.", seconds=120)

        assert worker.stop(seconds=10).exit_code == 0


@pytest.mark.parametrize("section", ["DATABASE", "CORE"])
def test_both_names_of_the_database_work(
    engine: Engine, base_image: str, database: Database, section: str
) -> None:
    variables = environment(database.url)
    del variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    variables[f"AIRFLOW__{section}__SQL_ALCHEMY_CONN"] = database.url

    finished = engine.run(
        base_image,
        ["bash", "-ec", "airflow db check-migrations && env"],
        network=database.network,
        environment=variables,
    )

    seen = dict(
        line.split("=", 1) for line in finished.checked().stdout.splitlines() if "=" in line
    )
    assert seen["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == database.url
    assert seen["AIRFLOW__CORE__SQL_ALCHEMY_CONN"] == database.url


@pytest.mark.parametrize("command", [["airflow", "scheduler"], ["webserver"]])
def test_a_database_of_a_newer_airflow_is_refused(
    engine: Engine, base_image: str, database: Database, command: List[str]
) -> None:
    database.query("UPDATE alembic_version SET version_num = 'ffffffffffff'")

    finished = engine.run(
        base_image, command, network=database.network, environment=environment(database.url)
    )

    assert finished.exit_code == MISCONFIGURED
    assert "database revision ffffffffffff is not known to Airflow 2.3.3" in finished.stderr
    assert "use an image of that version" in finished.stderr
    assert "Traceback" not in finished.output


def test_an_empty_database_is_not_refused(
    engine: Engine, base_image: str, postgres: Postgres
) -> None:
    empty = postgres.database()
    variables: Dict[str, str] = environment(empty.url)

    finished = engine.run(
        base_image, ["airflow", "db", "check"], network=empty.network, environment=variables
    )

    assert "Connection successful" in finished.checked().output
