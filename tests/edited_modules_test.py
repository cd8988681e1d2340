"""Modules of the image that a project edits, replaces or mounts over."""

from __future__ import annotations

from typing import Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine

_PACKAGES = "/usr/local/lib/python3.9/dist-packages"

MODULES: Dict[str, str] = {
    "airflow.utils.dot_renderer": f"{_PACKAGES}/airflow/utils/dot_renderer.py",
    "airflow.providers.http.hooks.http": f"{_PACKAGES}/airflow/providers/http/hooks/http.py",
    "astronomer.runtime.ui.versions": f"{_PACKAGES}/astronomer/runtime/ui/versions.py",
    "colorsys": "/usr/lib/python3.9/colorsys.py",
}
"""Of Airflow, of a provider, of our own package and of Debian's Python, with their paths.

No other module needs what they hold.
"""

_REPLACEMENT = "EDITED = 'replaced'\n"


def imported(container: Container) -> Dict[str, str]:
    """What each module says of itself, as a Python that starts now imports it."""
    script = (
        "import importlib, json, sys; print(json.dumps({name:"
        " getattr(importlib.import_module(name), 'EDITED', '') for name in sys.argv[1:]}))"
    )
    found: Dict[str, str] = container.exec(["python", "-c", script, *MODULES], seconds=180).json()
    return found


@pytest.fixture(scope="module")
def stock(engine: Engine, base_image: str) -> Iterator[Container]:
    """The image as it is."""
    with engine.start(base_image, ["infinity"], entrypoint=["sleep"]) as container:
        yield container


def test_an_edit_is_seen(engine: Engine, base_image: str) -> None:
    # The last one keeps the module's size.
    edits = [f"echo \"EDITED = 'appended'\" >> {path}" for path in MODULES.values()]
    edits.append("sed -i 's#1.0/3.0#1.0/2.0#' /usr/lib/python3.9/colorsys.py")
    steps = "".join(f"RUN {edit}\n" for edit in edits)
    built = engine.build({"Dockerfile": f"FROM {base_image}\nUSER root\n{steps}USER astro\n"})
    assert built.image, built.log

    with engine.start(built.image, ["infinity"], entrypoint=["sleep"]) as container:
        assert imported(container) == dict.fromkeys(MODULES, "appended")
        third = ["python", "-c", "import colorsys; print(colorsys.ONE_THIRD)"]
        assert container.exec(third).checked().stdout == "0.5\n"


def test_a_replacement_is_seen(engine: Engine, base_image: str) -> None:
    steps = "".join(f"COPY replacement.py {path}\n" for path in MODULES.values())
    built = engine.build(
        {"Dockerfile": f"FROM {base_image}\n{steps}", "replacement.py": _REPLACEMENT}
    )
    assert built.image, built.log

    with engine.start(built.image, ["infinity"], entrypoint=["sleep"]) as container:
        assert imported(container) == dict.fromkeys(MODULES, "replaced")


def test_a_mount_is_seen(engine: Engine, base_image: str) -> None:
    folder = f"{_PACKAGES}/airflow/providers/http/hooks"
    volume = engine.volume(base_image, folder, {"http.py": _REPLACEMENT})
    with engine.start(
        base_image,
        ["infinity"],
        entrypoint=["sleep"],
        volumes={volume: {"bind": folder, "mode": "ro"}},
    ) as container:
        found = imported(container)

    assert found == {
        **dict.fromkeys(MODULES, ""),
        "airflow.providers.http.hooks.http": "replaced",
    }


def test_no_start_compiles_what_nobody_has_changed(stock: Container) -> None:
    imports = ", ".join([*MODULES, "airflow.models", "airflow.www.app", "google.cloud.storage"])
    started = stock.exec(["python", "-v", "-c", f"import {imports}"], seconds=300).checked()

    # The first is a link to a file of settings, the second a few lines of the layer of files.
    small = ("/sitecustomize.py", "/_distutils_system_mod.py")
    objects = [line for line in started.stderr.splitlines() if line.startswith("# code object ")]
    assert len(objects) > 1000
    compiled = [line for line in objects if not line.endswith(".pyc'")]
    assert [line for line in compiled if not line.endswith(small)] == []
