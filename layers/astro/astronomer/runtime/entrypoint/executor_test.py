from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.entrypoint.command import understand
from astronomer.runtime.entrypoint.executor import set_executor

VARIABLE = "AIRFLOW__CORE__EXECUTOR"
OURS = "astronomer.runtime.high_availability.executor.CeleryExecutor"

_NAMES = ["CeleryExecutor", "airflow.executors.celery_executor.CeleryExecutor"]
_SCHEDULERS = (["scheduler"], ["bash", "-c", "airflow db upgrade && exec airflow scheduler"])


def chosen(environ: Dict[str, str], *arguments: str) -> Dict[str, str]:
    """The environment that the command gets."""
    set_executor(understand(arguments or ("scheduler",)).airflow, environ)
    return environ


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("arguments", _SCHEDULERS)
def test_airflow_s_celery_executor_gives_way_to_ours(
    name: str, arguments: "list[str]", tmp_path: Path
) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), VARIABLE: name}
    assert chosen(environ, *arguments)[VARIABLE] == OURS


@pytest.mark.parametrize("name", _NAMES)
def test_airflow_cfg_says_it_as_well(name: str, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.cfg"
    file.write_text(f"[core]\nexecutor = {name}\n")
    in_home = {"AIRFLOW_HOME": str(tmp_path)}
    assert VARIABLE not in chosen(dict(in_home))
    assert chosen({**in_home, "AIRFLOW_CONFIG": str(file)})[VARIABLE] == OURS
    (tmp_path / "airflow.cfg").write_text(file.read_text())
    assert chosen(dict(in_home))[VARIABLE] == OURS
    # The variable comes first, as for Airflow.
    assert chosen({**in_home, VARIABLE: "LocalExecutor"})[VARIABLE] == "LocalExecutor"


def test_what_airflow_does_not_read_says_nothing(tmp_path: Path) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), f"{VARIABLE}_CMD": "echo CeleryExecutor"}
    environ[f"{VARIABLE}_SECRET"] = "path/in/vault"
    assert VARIABLE not in chosen(environ)


@pytest.mark.parametrize(
    "name", ["CeleryKubernetesExecutor", "include.executors.CeleryExecutor", "LocalExecutor"]
)
def test_other_executors_stay(name: str, tmp_path: Path) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), VARIABLE: name}
    assert chosen(environ)[VARIABLE] == name


@pytest.mark.parametrize("arguments", [["webserver"], ["celery", "worker"], ["standalone"]])
def test_other_components_keep_theirs(arguments: "list[str]", tmp_path: Path) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), VARIABLE: "CeleryExecutor"}
    assert chosen(environ, *arguments)[VARIABLE] == "CeleryExecutor"


def test_a_container_that_also_runs_a_worker_starts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"AIRFLOW_HOME": str(tmp_path), VARIABLE: "CeleryExecutor"}
    both = ["bash", "-c", "airflow celery worker & exec airflow scheduler"]
    refused = airflow_version() < (2, 3, 0)
    assert chosen(environ, *both)[VARIABLE] == ("CeleryExecutor" if refused else OURS)
    assert ("give each a container" in capsys.readouterr().err) == refused
