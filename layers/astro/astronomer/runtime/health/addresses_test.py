from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.health.addresses import broker_address, database_address


@pytest.fixture
def environ(tmp_path: Path) -> Dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path)}


def write_file(environ: Dict[str, str], text: str) -> None:
    Path(environ["AIRFLOW_HOME"], "airflow.cfg").write_text(text)


@pytest.mark.parametrize("section", ["DATABASE", "CORE"])
def test_a_variable_of_either_name_is_read(environ: Dict[str, str], section: str) -> None:
    environ[f"AIRFLOW__{section}__SQL_ALCHEMY_CONN"] = "postgresql://db/airflow"
    assert database_address(environ) == "postgresql://db/airflow"


def test_a_command_is_run(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__CELERY__BROKER_URL_CMD"] = "echo redis://broker:6379/0"
    assert broker_address(environ) == "redis://broker:6379/0"


@pytest.mark.parametrize("section", ["database", "core"])
def test_airflow_cfg_is_read_by_the_name_of_this_airflow(
    environ: Dict[str, str], section: str
) -> None:
    write_file(environ, f"[{section}]\nsql_alchemy_conn = postgresql://db/airflow\n")
    is_read = section == "core" or airflow_version() >= (2, 3, 0)
    assert (database_address(environ) == "postgresql://db/airflow") is is_read


def test_without_a_word_the_database_is_a_file(environ: Dict[str, str]) -> None:
    assert database_address(environ) == f"sqlite:///{environ['AIRFLOW_HOME']}/airflow.db"
    assert broker_address(environ) == "redis://redis:6379/0"


def test_a_secret_is_left_to_airflow(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET"] = "path/in/vault"
    environ["AIRFLOW__CELERY__BROKER_URL_SECRET"] = "path/in/vault"
    assert database_address(environ) is None
    assert broker_address(environ) is None
