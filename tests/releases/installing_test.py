"""Every way to install what has to be built, on the oldest and the newest release of each line."""

from __future__ import annotations

from typing import Any, Callable, Iterator, NamedTuple

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.releases.catalogue import ends_of_lines
from tests.releases.projects import EXPERIMENT, PIP, container_with_projects, run
from tests.stack.source_projects import legacy_project, own_backend_project


class Way(NamedTuple):
    """A way to install a project."""

    name: str
    """Of the project."""

    user: str
    commands: str
    """In a shell, from the folder that holds the project's folder."""

    python: str = "python"
    """What must import it then."""

    has_script: bool = True
    """Whether the project's script is on the PATH then."""

    legacy: bool = True
    """Whether it takes the setuptools of the image, where there is one."""


WAYS = [
    Way("by_root", "root", f"{PIP} by_root"),
    Way("by_astro", "astro", f"{PIP} by_astro", has_script=False),
    Way("for_user", "root", f"{PIP} --user for_user", has_script=False),
    Way("editable", "root", f"{PIP} -e editable"),
    Way("editable_astro", "astro", f"{PIP} -e editable_astro", has_script=False),
    Way(
        "downloaded",
        "root",
        "pip download --no-cache-dir -d /tmp/files downloaded && "
        f"{PIP} --no-index --find-links /tmp/files downloaded",
    ),
    Way("by_uv", "root", "uv pip install --system by_uv", legacy=False),
    Way("uv_editable", "root", "uv pip install --system -e uv_editable", legacy=False),
    Way(
        "uv_environment",
        "astro",
        "uv venv --python /usr/bin/python3 /tmp/uv && "
        "uv pip install --python /tmp/uv/bin/python uv_environment",
        python="/tmp/uv/bin/python",
        has_script=False,
        legacy=False,
    ),
]

WAYS_OF_SETUPTOOLS = [
    Way("setup_install", "root", "cd setup_install && python setup.py install"),
    Way("setup_develop", "root", "cd setup_develop && python setup.py develop"),
    Way(
        "environment",
        "astro",
        "python -m virtualenv --no-download /tmp/venv && "
        "/tmp/venv/bin/pip install --no-cache-dir environment",
        python="/tmp/venv/bin/python",
        has_script=False,
    ),
]
"""They need packages that the experiment lacks."""

BY_BUILD = Way("by_build", "root", "")
"""The image's ONBUILD steps install it."""


@pytest.fixture(scope="module", params=[*ends_of_lines(), EXPERIMENT])
def release(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def container(engine: Engine, load: Callable[[str], str], release: str) -> Iterator[Container]:
    """A container of the release; every way has a project of its own."""
    projects = {}
    for way in [*WAYS, *WAYS_OF_SETUPTOOLS, BY_BUILD]:
        kind = legacy_project if way.legacy and release != EXPERIMENT else own_backend_project
        projects[way.name] = kind(way.name)
    with container_with_projects(engine, load(release), projects) as started:
        yield started


@pytest.mark.parametrize("way", WAYS, ids=lambda way: str(way.name))
def test_what_was_installed_can_be_imported(container: Container, way: Way) -> None:
    check(container, way)


@pytest.mark.parametrize("way", WAYS_OF_SETUPTOOLS, ids=lambda way: str(way.name))
def test_what_setuptools_installed_can_be_imported(
    container: Container, release: str, way: Way
) -> None:
    if release == EXPERIMENT:
        pytest.skip("The image has neither setuptools nor virtualenv.")
    check(container, way)


def check(container: Container, way: Way) -> None:
    """Installs the way's project; it must be there for the user who did it, and its script."""
    installed = run(container, way.commands, way.user).checked()

    script = f"import {way.name}; {way.name}.main()"
    imported = run(container, f'cd /; {way.python} -c "{script}"', way.user)
    assert imported.stdout == f"I am {way.name}\n", installed.output + imported.output
    if way.has_script:
        assert run(container, way.name, "astro").checked().stdout == f"I am {way.name}\n"


def test_the_image_of_a_project_has_its_requirements(
    engine: Engine, load: Callable[[str], str], release: str, container: Container
) -> None:
    index = run(container, "echo $PIP_INDEX_URL").checked().stdout
    built = engine.build(
        {
            "Dockerfile": f"FROM {load(release)}\n",
            "packages.txt": "",
            "requirements.txt": f"--index-url {index}\nby_build\n",
        }
    )
    assert built.image, built.log

    started = engine.run(built.image, ["by_build"])
    assert started.checked().stdout == "I am by_build\n"


def test_pip_removes_all_that_it_installed(container: Container, release: str) -> None:
    files = "/usr/local/bin/by_root"
    if release != EXPERIMENT:
        files += " /usr/local/share/by_root/data.txt"
    run(container, f"{PIP} by_root; ls {files}").checked()

    run(container, "pip uninstall --yes by_root").checked()

    assert run(container, f"ls {files}").stdout == ""


def test_the_folder_that_sysconfig_names_is_imported_from(container: Container) -> None:
    write = (
        "import pathlib, sysconfig;"
        "folder = pathlib.Path(sysconfig.get_path('purelib'));"
        "(folder / 'by_sysconfig.py').write_text('print(1)')"
    )
    run(container, f'python -c "{write}"').checked()

    assert run(container, "python -c 'import by_sysconfig'").checked().stdout == "1\n"
