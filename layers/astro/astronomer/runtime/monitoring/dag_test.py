from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Iterator

import pendulum
import pytest

LINE = "from astronomer.runtime.monitoring.dag import dag  # an airflow DAG\n"
"""What a project's file holds, word for word as docs/monitoring.md has it."""


@pytest.fixture(autouse=True)
def without_choices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from astronomer.runtime.monitoring import dag

    yield
    monkeypatch.undo()
    importlib.reload(dag)


def in_the_bag(folder: Path) -> Any:
    """The DAG as Airflow finds it in a project whose folder holds the one line."""
    from airflow.models import DagBag
    from astronomer.runtime.monitoring import dag

    importlib.reload(dag)
    (folder / "monitoring.py").write_text(LINE)
    bag = DagBag(str(folder), include_examples=False)
    assert bag.import_errors == {}
    assert list(bag.dags) == ["astronomer_monitoring_dag"]
    return bag.dags["astronomer_monitoring_dag"]


def test_one_line_in_the_project_brings_it(airflow_database: Path, tmp_path: Path) -> None:
    found = in_the_bag(tmp_path)
    assert found.schedule_interval == "*/5 * * * *"
    assert found.is_paused_upon_creation is False
    assert found.fileloc == str(tmp_path / "monitoring.py")


def test_the_schedule_and_the_pause_are_variables(
    airflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_MONITORING_DAG_SCHEDULE_INTERVAL", "@hourly")
    monkeypatch.setenv("PAUSE_ASTRONOMER_MONITORING_DAG", "True")
    found = in_the_bag(tmp_path)
    assert found.normalized_schedule_interval == "0 * * * *"
    assert found.is_paused_upon_creation is True


def test_its_task_succeeds(airflow_database: Path, tmp_path: Path) -> None:
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunType

    found = in_the_bag(tmp_path)
    found.sync_to_db()
    day = pendulum.datetime(2022, 7, 1)
    run = found.create_dagrun(
        run_type=DagRunType.MANUAL,
        state=DagRunState.RUNNING,
        execution_date=day,
        start_date=day,
        data_interval=(day, day),
    )
    [instance] = run.get_task_instances()
    instance.task = found.get_task(instance.task_id)
    instance.run()
    assert instance.state == "success"
