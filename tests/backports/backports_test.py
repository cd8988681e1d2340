"""Each backport, on the release's Airflow and on the one that it is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml
from tests.engine.container import Container
from tests.engine.session import Engine

from tests.backports.patches import without

RELEASES = ["5.0.6"]

SITE = "/usr/local/lib/python3.9/dist-packages"
STOCK = "/tmp/stock"
UNDONE = "/tmp/undone"
SCRIPT = "/tmp/observe.py"

FAULTY = {
    24676: "SerializationError",
    24906: 2,
}
"""What Airflow does without a backport, by its number."""

FIXED = {
    24676: ["Triggered DAG"],
    24906: 1,
}
"""What it does with it."""

Observations = Dict[str, Any]


def carried(release: str) -> List[int]:
    """The numbers of a release's backports."""
    manifest = yaml.safe_load(Path(f"versions/{release}/release.yaml").read_text())
    entries = manifest.get("backports", [])
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

    def observe(self, python_path: str = "") -> Observations:
        """What the script sees."""
        environment = {
            "AIRFLOW_HOME": f"/tmp/home{python_path.replace('/', '-')}",
            "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
            "PYTHONPATH": python_path,
        }
        argv = ["python", SCRIPT, *map(str, self._numbers)]
        found = self._container.exec(argv, environment=environment, seconds=180).checked()
        # Airflow's own log stands above it.
        observations: Observations = json.loads(found.stdout.splitlines()[-1])
        return observations


def _read(container: Container, path: str) -> bytes:
    return container.exec(["cat", f"{SITE}/{path}"]).checked().stdout.encode()


@pytest.fixture(scope="module", params=RELEASES)
def airflows(request: Any, engine: Engine, dist: Path) -> Dict[str, Observations]:
    """What each release's Airflow does, and what it does without the backports."""
    release = request.param
    image = engine.load(dist / "images" / f"{release}-base")
    both = Airflows(engine, image, carried(release))
    return {"release": both.observe(), "stock": both.observe(STOCK)}


@pytest.mark.parametrize("number", sorted(FIXED))
def test_a_backport_changes_what_airflow_does(
    airflows: Dict[str, Observations], number: int
) -> None:
    name = str(number)
    if name not in airflows["release"]:
        pytest.skip("not a backport of this release")

    assert airflows["stock"][name] == FAULTY[number]
    assert airflows["release"][name] == FIXED[number]


@pytest.mark.parametrize("release", RELEASES)
def test_every_backport_of_a_release_is_tested(release: str) -> None:
    assert set(carried(release)) <= set(FIXED)
