"""Containers in which projects are installed from an index on loopback."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterable, Iterator, Mapping, Union

from uv import find_uv_bin

from tests.engine.container import Container, Finished
from tests.engine.session import Engine
from tests.stack.package_index import Distribution, package_index, sdist
from tests.stack.source_projects import Project

EXPERIMENT = "3.3-1"
"""It has no setuptools: its pip fetches all that it builds with."""

PIP = "pip install --no-cache-dir"

_FOLDER = "/usr/local/airflow/projects"
_SECONDS = 300


@contextmanager
def container_with_projects(
    engine: Engine,
    image: str,
    projects: Mapping[str, Project],
    others: Iterable[Distribution] = (),
) -> Iterator[Container]:
    """A container that does nothing by itself; uv and an index are there.

    Args:
        image: That of a release.
        projects: By name: the index has the source distribution of each, the container its folder.
        others: What the index has besides them.
    """
    sources = [sdist(name, "1.0", files) for name, files in projects.items()]
    files: Dict[str, Union[str, bytes]] = {
        f"{_FOLDER}/{name}/{path}": text
        for name, project in projects.items()
        for path, text in project.items()
    }
    files["/usr/local/bin/uv"] = Path(find_uv_bin()).read_bytes()
    with package_index([*sources, *others]) as index, engine.start(
        image,
        ["infinity"],
        entrypoint=["sleep"],
        network="host",
        environment={
            "PIP_INDEX_URL": index,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_DEFAULT_INDEX": index,
            "UV_NO_CACHE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        },
        files=files,
    ) as container:
        # Whoever builds in a folder writes there, and an egg cannot hold what is older than 1980.
        prepare = (
            f"chmod 0755 /usr/local/bin/uv; chmod -R a+rwX {_FOLDER};"
            f" find {_FOLDER} -exec touch {{}} +"
        )
        container.exec(["sh", "-c", prepare], user="root").checked()
        yield container


def run(container: Container, commands: str, user: str = "root") -> Finished:
    """Runs commands in bash, up to the first that fails, from the folder of the projects."""
    argv = ["bash", "-ec", f"cd {_FOLDER}; {commands}"]
    return container.exec(argv, user=user, seconds=_SECONDS)
