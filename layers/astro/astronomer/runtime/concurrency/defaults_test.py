from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterable, Set

import airflow
import pytest
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.concurrency.command import COMPONENTS
from astronomer.runtime.concurrency.defaults import Default, apply, without_ours
from astronomer.runtime.concurrency.resources import MIB, Resources
from astronomer.runtime.conftest import airflow_3

TWO_CPUS = Resources(2, 4096 * MIB, "test", "test")
INSTALLED = Path(airflow.__file__).parent

ONE_CONTAINER = {
    "CORE__PARALLELISM",
    "CORE__MAX_ACTIVE_TASKS_PER_DAG",
    "CORE__DEFAULT_POOL_TASK_SLOT_COUNT",
}
"""What bounds tasks that run beside the scheduler."""


@pytest.fixture
def environ(tmp_path: Path) -> Dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path)}


def chosen(environ: Dict[str, str], component: str = "celery worker") -> Iterable[Default]:
    return apply(environ, [component], TWO_CPUS, installed=INSTALLED)


def test_what_nobody_set_is_set(environ: Dict[str, str]) -> None:
    [default] = chosen(environ)
    assert environ["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == default.value == "10"
    assert default.stock == "16"


@pytest.mark.parametrize(
    "name",
    [
        "AIRFLOW__SCHEDULER__PARSING_PROCESSES",
        "AIRFLOW__SCHEDULER__MAX_THREADS",
    ],
)
def test_a_variable_of_the_operator_stays(environ: Dict[str, str], name: str) -> None:
    environ[name] = "3"
    before = dict(environ)
    assert not chosen(environ, "dag-processor")
    assert environ == before


def test_a_value_in_airflow_cfg_stays(environ: Dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[celery]\nworker_concurrency = 3\n")
    assert not chosen(environ)


def test_an_airflow_cfg_that_airflow_wrote_says_nothing(
    environ: Dict[str, str], tmp_path: Path
) -> None:
    written = (INSTALLED / "config_templates" / "default_airflow.cfg").read_text()
    (tmp_path / "airflow.cfg").write_text(written)
    assert chosen(environ)


def test_a_broken_airflow_cfg_is_left_to_airflow(environ: Dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("no section\n")
    assert chosen(environ)


def test_the_database_pool_is_set_under_the_name_that_this_airflow_reads(
    environ: Dict[str, str]
) -> None:
    chosen(environ, "webserver")
    section = "CORE" if airflow_version() < (2, 3, 0) else "DATABASE"
    found = {name: value for name, value in environ.items() if "POOL_SIZE" in name}
    assert found == {f"AIRFLOW__{section}__SQL_ALCHEMY_POOL_SIZE": "2"}


def test_ours_can_be_taken_away_again(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__WEBSERVER__WORKERS"] = "7"
    before = dict(environ)
    chosen(environ, "webserver")
    without_ours(environ)
    assert environ == before


def settings(environ: Dict[str, str], component: str, installed: Path) -> Dict[str, str]:
    """The options that are chosen for a component under an Airflow."""
    found = apply(environ, [component], TWO_CPUS, installed)
    return {default.variable[len("AIRFLOW__") :]: default.value for default in found}


@pytest.mark.parametrize("component", COMPONENTS)
def test_airflow_has_every_option_that_we_set(environ: Dict[str, str], component: str) -> None:
    sources = Sources({}, INSTALLED)
    for name in settings(environ, component, INSTALLED):
        section, _, option = name.lower().partition("__")
        assert sources.has(section, option)


@pytest.mark.parametrize(
    "component, executor, expected",
    [
        ("celery worker", "CeleryExecutor", {"CELERY__WORKER_CONCURRENCY"}),
        ("scheduler", "", ONE_CONTAINER),
        ("scheduler", "LocalExecutor,CeleryExecutor", set()),
        ("scheduler", "CeleryExecutor", set()),
        ("dag-processor", "CeleryExecutor", {"DAG_PROCESSOR__PARSING_PROCESSES"}),
        ("standalone", "", {*ONE_CONTAINER, "DAG_PROCESSOR__PARSING_PROCESSES"}),
        ("webserver", "", set()),
        ("api-server", "", set()),
    ],
)
def test_under_airflow_3_only_its_own_options_are_set(
    environ: Dict[str, str],
    tmp_path: Path,
    component: str,
    executor: str,
    expected: Set[str],
) -> None:
    if executor:
        environ["AIRFLOW__CORE__EXECUTOR"] = executor
    assert set(settings(environ, component, airflow_3(tmp_path))) == expected


def test_an_option_that_airflow_3_does_not_read_is_no_choice_of_the_operator(
    environ: Dict[str, str], tmp_path: Path
) -> None:
    environ["AIRFLOW__SCHEDULER__PARSING_PROCESSES"] = "7"
    found = settings(environ, "dag-processor", airflow_3(tmp_path))
    assert found == {"DAG_PROCESSOR__PARSING_PROCESSES": "2"}


@pytest.mark.parametrize(
    "executor, bounded",
    [
        ("LocalExecutor", True),
        ("SequentialExecutor", True),
        ("airflow.executors.local_executor.LocalExecutor", True),
        ("airflow.executors.sequential_executor.SequentialExecutor", True),
        # Airflow bounds pods by the same options as the tasks beside the scheduler.
        ("LocalKubernetesExecutor", False),
        ("airflow.executors.local_kubernetes_executor.LocalKubernetesExecutor", False),
        ("CeleryExecutor", False),
        ("CeleryKubernetesExecutor", False),
        ("airflow.executors.celery_executor.CeleryExecutor", False),
        ("KubernetesExecutor", False),
        ("include.executors.Mine", False),
        ("include.executors.LocalExecutor", False),
    ],
)
def test_only_tasks_of_this_container_are_bound_by_it(
    environ: Dict[str, str], tmp_path: Path, executor: str, bounded: bool
) -> None:
    in_variable = {**environ, "AIRFLOW__CORE__EXECUTOR": executor}
    chosen(in_variable, "scheduler")
    (tmp_path / "airflow.cfg").write_text(f"[core]\nexecutor = {executor}\n")
    chosen(environ, "scheduler")
    for found in (in_variable, environ):
        assert ("AIRFLOW__CORE__PARALLELISM" in found) is bounded
