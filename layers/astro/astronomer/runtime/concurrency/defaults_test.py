from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterable

import airflow
import pytest
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.concurrency.defaults import Default, apply, without_ours
from astronomer.runtime.concurrency.resources import MIB, Resources

TWO_CPUS = Resources(2, 4096 * MIB, "test", "test")
INSTALLED = Path(airflow.__file__).parent


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
        "AIRFLOW__CELERY__WORKER_CONCURRENCY",
        "AIRFLOW__CELERY__CELERYD_CONCURRENCY",
    ],
)
def test_a_variable_of_the_operator_stays(environ: Dict[str, str], name: str) -> None:
    environ[name] = "3"
    before = dict(environ)
    assert not chosen(environ)
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


def test_the_database_pool_is_set_under_both_names(environ: Dict[str, str]) -> None:
    chosen(environ, "webserver")
    for section in ("CORE", "DATABASE"):
        assert environ[f"AIRFLOW__{section}__SQL_ALCHEMY_POOL_SIZE"] == "2"


def test_ours_can_be_taken_away_again(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__WEBSERVER__WORKERS"] = "7"
    before = dict(environ)
    chosen(environ, "webserver")
    without_ours(environ)
    assert environ == before


def test_airflow_has_every_option_that_we_name(environ: Dict[str, str]) -> None:
    sources = Sources({}, INSTALLED)
    for component in ("celery worker", "webserver", "scheduler", "standalone"):
        for default in chosen(dict(environ), component):
            _, section, option = default.variable.lower().split("__")
            assert sources.default(section, option)


@pytest.mark.parametrize(
    "executor, bounded",
    [
        ("LocalExecutor", True),
        ("LocalKubernetesExecutor", True),
        ("CeleryExecutor", False),
        ("KubernetesExecutor", False),
        ("include.executors.Mine", False),
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
