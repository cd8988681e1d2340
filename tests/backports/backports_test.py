"""Each backport, on the release's Airflow and on the one that it is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import pytest
import yaml

from tests.backports.patches import without
from tests.engine.container import Container
from tests.engine.session import Engine

RELEASES = ["5.0.5", "5.0.6", "5.0.7"]

SITE = "/usr/local/lib/python3.9/dist-packages"
STOCK = "/tmp/stock"
UNDONE = "/tmp/undone"
SCRIPT = "/tmp/observe.py"


class Outcome(NamedTuple):
    """What `observe.py` sees of one backport."""

    without: Any
    with_it: Any


OUTCOMES = {
    23929: Outcome("execute_complete", "execute"),
    24327: Outcome(["failed", "failed"], ["success", "failed"]),
    24676: Outcome("SerializationError", ["Triggered DAG"]),
    24906: Outcome(2, 1),
    25296: Outcome(["2.0", "1.0"], ["2.0"]),
    25550: Outcome(["running", "running"], ["failed", "up_for_retry"]),
}


def carried(release: str) -> List[int]:
    """The numbers of a release's backports."""
    manifest = yaml.safe_load(Path(f"versions/{release}/release.yaml").read_text())
    entries = manifest["backports"]
    return [entry["pull_request"] for entry in entries if "not_carried" not in entry]


class Airflows:
    """The Airflow of a release, and beside it the one without its backports."""

    def __init__(self, engine: Engine, image: str, numbers: List[int]) -> None:
        self._numbers = numbers
        with engine.start(image, ["sleep", "infinity"]) as container:
            stock = without(numbers, lambda path: _read(container, path))
        files = {SCRIPT: Path("tests/backports/observe.py").read_text()}
        files.update({f"{UNDONE}/{path}": content.decode() for path, content in stock.items()})
        self._container = engine.start(image, ["sleep", "infinity"], files=files)
        # Bytecode is believed without a look at its source: what is not the source's must go.
        copy = (
            f"mkdir {STOCK} && cp -r {SITE}/airflow {UNDONE}/airflow {STOCK} && cd {STOCK} && "
            'for file; do rm -f "$(dirname $file)/__pycache__/$(basename $file .py)".*; done'
        )
        self._container.exec(["bash", "-c", copy, "bash", *stock]).checked()

    def outcomes(self) -> Dict[int, Outcome]:
        """What the script sees, by the backports' numbers."""
        stock, release = self._observe(STOCK), self._observe("")
        return {each: Outcome(stock[str(each)], release[str(each)]) for each in self._numbers}

    def _observe(self, python_path: str) -> Dict[str, Any]:
        environment = {
            "AIRFLOW_HOME": f"/tmp/home{python_path.replace('/', '-')}",
            "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
            "PYTHONPATH": python_path,
        }
        argv = ["python", SCRIPT, *map(str, self._numbers)]
        found = self._container.exec(argv, environment=environment, seconds=180).checked()
        # Airflow's own log stands above it.
        observations: Dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
        return observations


def _read(container: Container, path: str) -> bytes:
    return container.exec(["cat", f"{SITE}/{path}"]).checked().stdout.encode()


@pytest.mark.parametrize("release", RELEASES)
def test_each_backport_changes_what_airflow_does(engine: Engine, dist: Path, release: str) -> None:
    image = engine.load(dist / "images" / f"{release}-base")
    numbers = carried(release)

    outcomes = Airflows(engine, image, numbers).outcomes()

    assert outcomes == {number: OUTCOMES[number] for number in numbers}
