from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from astronomer.runtime.health.addresses import database_address


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
    environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"] = "echo postgresql://db/airflow"
    assert database_address(environ) == "postgresql://db/airflow"


@pytest.mark.parametrize("section", ["database", "core"])
def test_airflow_cfg_is_read(environ: Dict[str, str], section: str) -> None:
    write_file(environ, f"[{section}]\nsql_alchemy_conn = postgresql://db/airflow\n")
    assert database_address(environ) == "postgresql://db/airflow"


def test_without_a_word_the_database_is_a_file(environ: Dict[str, str]) -> None:
    assert database_address(environ) == f"sqlite:///{environ['AIRFLOW_HOME']}/airflow.db"


def test_a_secret_is_left_to_airflow(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET"] = "path/in/vault"
    assert database_address(environ) is None
