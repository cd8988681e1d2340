"""Every release starts, holds what its manifest says, and runs a DAG, all on sqlite."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.releases.catalogue import manifests
from tests.stack.airflow import DAGS, GREETING_DAG

_SECONDS = 180

# Not by Airflow's own command, which from 2.3 on knows no DAG that a scheduler has not parsed.
_STATES = """
import sqlite3

database = sqlite3.connect("/usr/local/airflow/airflow.db")
print(*[state for (state,) in database.execute("SELECT state FROM dag_run")])
"""


@pytest.fixture(scope="module", params=manifests(), ids=lambda each: str(each["release"]))
def manifest(request: Any) -> Dict[str, Any]:
    """The manifest of each release."""
    found: Dict[str, Any] = request.param
    return found


@pytest.fixture
def container(
    engine: Engine, load: Callable[[str], str], manifest: Dict[str, Any]
) -> Iterator[Container]:
    """A container of the release that has the greeting DAG, and does nothing by itself."""
    with engine.start(
        load(manifest["release"]),
        ["sleep", "infinity"],
        files={f"{DAGS}/greeting.py": GREETING_DAG},
    ) as started:
        yield started


def wanted(manifest: Dict[str, Any]) -> Dict[str, str]:
    """Versions by canonical name, of all that a manifest pins but Airflow."""
    providers = {
        f"apache-airflow-providers-{name}": str(version)
        for name, version in manifest["providers"].items()
    }
    packages: Dict[str, str] = {
        str(canonicalize_name(Requirement(name).name)): str(version)
        for name, version in manifest["packages"].items()
    }
    return {**providers, **packages}


def test_it_holds_what_its_manifest_says_and_runs_a_dag(
    container: Container, manifest: Dict[str, Any]
) -> None:
    frozen = container.exec(["pip", "freeze", "--all"]).checked().stdout.splitlines()
    installed = dict(line.split("==") for line in frozen if "==" in line)
    providers = {name for name in installed if name.startswith("apache-airflow-providers-")}

    # A release with backports says so in the local part of its version.
    assert installed["apache-airflow"].partition("+")[0] == manifest["airflow"]
    pins = wanted(manifest)
    assert {name: installed.get(name) for name in pins} == pins
    assert providers == {name for name in pins if name.startswith("apache-airflow-providers-")}
    assert container.exec(["pip", "check"]).checked().stdout == "No broken requirements found.\n"

    container.exec(["airflow", "db", "init"], seconds=_SECONDS).checked()
    run = container.exec(["airflow", "dags", "test", "greeting", "2022-07-01"], seconds=_SECONDS)
    run.checked()
    assert container.exec(["python", "-c", _STATES]).checked().stdout == "success\n", run.output
