"""A database goes through the releases, and keeps what ran on each."""

from __future__ import annotations

from typing import Callable, Dict, List

from tests.engine.session import Engine
from tests.stack.airflow import DAGS, GREETING_DAG, environment
from tests.stack.postgres import Postgres

_CHAIN = ("4.1.0", "4.2.6", "5.0.0", "5.0.2", "5.0.3", "5.0.6", "5.0.7", "5.0.8")
"""One release of each Airflow, and the last one: others migrate nothing."""

_SECONDS = 180


def test_a_database_of_the_oldest_release_reaches_the_newest_with_its_history(
    engine: Engine, load: Callable[[str], str], postgres: Postgres
) -> None:
    database = postgres.database()
    history: List[str] = []
    for count, release in enumerate(_CHAIN, start=1):
        with engine.start(
            load(release),
            ["sleep", "infinity"],
            network=database.network,
            # A command by `exec` passes no entrypoint, and Airflow 2.2 knows the older name alone.
            environment={
                **environment(database.url),
                "AIRFLOW__CORE__SQL_ALCHEMY_CONN": database.url,
            },
            files={f"{DAGS}/greeting.py": GREETING_DAG},
        ) as container:
            step = "init" if count == 1 else "upgrade"
            container.exec(["airflow", "db", step], seconds=_SECONDS).checked()
            day = f"2022-07-{count:02}"
            container.exec(["airflow", "dags", "test", "greeting", day], seconds=_SECONDS).checked()
            history.append(day)
            runs: List[Dict[str, str]] = container.exec(
                ["airflow", "dags", "list-runs", "--dag-id", "greeting", "--output", "json"]
            ).json()

        assert sorted(run["execution_date"][:10] for run in runs) == history, release
        assert {run["state"] for run in runs} == {"success"}, release
