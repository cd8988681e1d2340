"""Airflow reads its environment when it is imported: tests get one of their own before that."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

for _name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[_name]
# Removed with the object, when the interpreter ends.
_home = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ["AIRFLOW_HOME"] = _home.name
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"


@pytest.fixture(scope="session")
def airflow_database() -> Iterator[Path]:
    """The file of a migrated sqlite database, which Airflow in this process is connected to."""
    from airflow import settings
    from airflow.utils import db

    db.initdb()
    yield Path(_home.name, "airflow.db")
    settings.Session.remove()
