"""Every way to install a package that has to be built, on the oldest and newest of each line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import pytest
from uv import find_uv_bin

from tests.engine.container import Container, Finished
from tests.engine.session import Engine
from tests.releases.catalogue import ends_of_lines
from tests.stack.package_index import Distribution, package_index, sdist, wheel
from tests.stack.source_projects import Project, legacy_project, own_backend_project

EXPERIMENT = "3.3-1"
"""It has no setuptools: its pip fetches all that it builds with."""

PROJECTS = "/usr/local/airflow/projects"

_PIP = "pip install --no-cache-dir"


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
    Way("by_root", "root", f"{_PIP} by_root"),
    Way("by_astro", "astro", f"{_PIP} by_astro", has_script=False),
    Way("for_user", "root", f"{_PIP} --user for_user", has_script=False),
    Way("by_group", "1234:0", f"HOME=/tmp {_PIP} by_group", has_script=False),
    Way("editable", "root", f"{_PIP} -e editable"),
    Way("editable_astro", "astro", f"{_PIP} -e editable_astro", has_script=False),
    Way("folder", "root", f"{_PIP} ./folder"),
    Way(
        "downloaded",
        "root",
        "pip download --no-cache-dir -d /tmp/files downloaded && "
        f"{_PIP} --no-index --find-links /tmp/files downloaded",
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

OF_SETUPTOOLS = [
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
"""These need packages that the experiment lacks."""

# A build may need what the image has in another version.
BUILDS: Dict[str, Project] = {
    "needs_setuptools": own_backend_project("needs_setuptools", ["setuptools>=64"]),
    "needs_requests": own_backend_project("needs_requests", ["requests==99.0"]),
    "needs_built": own_backend_project("needs_built", ["needs_requests"]),
    "old_way": legacy_project("old_way", setup_requires=["requests==99.0"]),
    "meddler": {
        "setup.py": (
            "import subprocess, sys\n"
            "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'requests==99.0'])\n"
        )
    },
}


def projects(release: str) -> Dict[str, Project]:
    """All projects, by name."""
    found = dict(BUILDS)
    for way in [*WAYS, *OF_SETUPTOOLS]:
        kind = legacy_project if way.legacy and release != EXPERIMENT else own_backend_project
        found[way.name] = kind(way.name)
    return found


@pytest.fixture(scope="module", params=[*ends_of_lines(), EXPERIMENT])
def release(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def index(release: str) -> Iterator[str]:
    """An index of the projects, and of versions that the image must not get."""
    distributions: List[Distribution] = [
        wheel(name, "99.0") for name in ("setuptools", "requests", "apache_airflow")
    ]
    distributions += [sdist(name, "1.0", files) for name, files in projects(release).items()]
    with package_index([*distributions, wheel("greeter", "1.0"), wheel("greeter", "2.0")]) as url:
        yield url


@pytest.fixture(scope="module")
def container(
    engine: Engine, load: Callable[[str], str], release: str, index: str
) -> Iterator[Container]:
    """A container of the release that does nothing by itself, and has the projects and uv."""
    files: Dict[str, "str | bytes"] = {"/usr/local/bin/uv": Path(find_uv_bin()).read_bytes()}
    for name, project in projects(release).items():
        files.update({f"{PROJECTS}/{name}/{path}": text for path, text in project.items()})
    with engine.start(
        load(release),
        ["infinity"],
        entrypoint=["sleep"],
        network="host",
        environment={
            "PIP_INDEX_URL": index,
            "UV_DEFAULT_INDEX": index,
            "UV_NO_CACHE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        },
        files=files,
    ) as started:
        # Whoever builds in a folder writes there.
        prepare = f"chmod 0755 /usr/local/bin/uv; chmod -R a+rwX {PROJECTS}"
        started.exec(["sh", "-c", prepare], user="root").checked()
        yield started


def run(container: Container, commands: str, user: str = "root") -> Finished:
    """Runs commands in a shell, in the folder of the projects."""
    argv = ["bash", "-ec", f"cd {PROJECTS}; {commands}"]
    return container.exec(argv, user=user, seconds=180)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: str(way.name))
def test_what_was_installed_can_be_imported(container: Container, way: Way) -> None:
    check(container, way)


@pytest.mark.parametrize("way", OF_SETUPTOOLS, ids=lambda way: str(way.name))
def test_what_setuptools_installed_can_be_imported(
    container: Container, release: str, way: Way
) -> None:
    if release == EXPERIMENT:
        pytest.skip("The image has neither setuptools nor virtualenv.")
    check(container, way)


def check(container: Container, way: Way) -> None:
    """Installs the way's project; it must be there for the user who did it."""
    installed = run(container, way.commands, way.user).checked()

    script = f"import {way.name}; {way.name}.main()"
    home = "HOME=/tmp " if way.user == "1234:0" else ""
    imported = run(container, f'cd /; {home}{way.python} -c "{script}"', way.user)
    assert imported.stdout == f"I am {way.name}\n", installed.output + imported.output
    if way.has_script:
        assert run(container, way.name, "astro").checked().stdout == f"I am {way.name}\n"


def test_pip_knows_all_files_of_what_it_installed(container: Container, release: str) -> None:
    if release == EXPERIMENT:
        pytest.skip("`setup.py install` needs setuptools.")
    run(container, f"{_PIP} ./folder").checked()
    files = "/usr/local/bin/folder /usr/local/share/folder/data.txt"
    run(container, f"ls {files}").checked()

    run(container, "pip uninstall --yes folder").checked()

    assert run(container, f"ls {files}").stdout == ""


def test_the_folder_that_sysconfig_names_is_imported_from(container: Container) -> None:
    write = (
        "import pathlib, sysconfig;"
        "folder = pathlib.Path(sysconfig.get_path('purelib'));"
        "(folder / 'by_sysconfig.py').write_text('print(\"imported\")')"
    )
    run(container, f'python -c "{write}"').checked()

    assert run(container, "python -c 'import by_sysconfig'").checked().stdout == "imported\n"


@pytest.mark.parametrize("name", ["needs_setuptools", "needs_requests"])
def test_a_build_may_need_other_versions_than_the_image_has(
    container: Container, name: str
) -> None:
    for command in (
        f"{_PIP} {name}",
        f"{_PIP} --force-reinstall -e {name}",
        f"pip download --no-cache-dir -d /tmp/files {name}",
        f"pip wheel --no-cache-dir -w /tmp/wheels {name}",
    ):
        run(container, command).checked()

    run(container, f"{_PIP} --no-index --force-reinstall /tmp/wheels/{name}-1.0-*.whl").checked()
    built_with = run(container, f"cd /; python -c 'import {name} as it; print(it.BUILT_WITH)'")
    assert built_with.checked().stdout == f"{{'{name[len('needs_'):]}': '99.0'}}\n"
    unchanged(container)


def test_what_a_build_needs_may_need_to_be_built(container: Container) -> None:
    run(container, f"{_PIP} needs_built").checked()

    unchanged(container)


def test_setuptools_may_fetch_other_versions_for_a_build(
    container: Container, release: str
) -> None:
    if release == EXPERIMENT:
        pytest.skip("The image has no setuptools.")
    run(container, f"{_PIP} old_way").checked()

    assert run(container, "old_way").checked().stdout == "I am old_way\n"
    unchanged(container)


@pytest.mark.parametrize(
    "commands",
    [
        f"{_PIP} requests==99.0",
        f"{_PIP} --user requests==99.0",
        f"{_PIP} apache-airflow==99.0",
        f"{_PIP} meddler",
        "echo 'greeter<2' > /tmp/own.txt; pip install -c /tmp/own.txt requests==99.0",
    ],
)
def test_what_the_image_has_cannot_be_changed(container: Container, commands: str) -> None:
    assert run(container, commands).exit_code != 0

    unchanged(container)


def test_an_upgrade_leaves_what_the_image_has(container: Container) -> None:
    run(container, f"{_PIP} --upgrade apache-airflow requests greeter").checked()

    unchanged(container)


def test_constraints_of_one_s_own_are_added(container: Container) -> None:
    commands = f"echo 'greeter<2' > /tmp/own.txt; {_PIP} --force-reinstall -c /tmp/own.txt greeter"
    run(container, commands).checked()

    assert "greeter==1.0" in run(container, "pip freeze").checked().stdout.splitlines()


def unchanged(container: Container) -> None:
    """Fails where any of the newer versions has got into the image."""
    frozen = run(container, "cd /; pip freeze --all; pip freeze --all --user").checked().stdout
    assert [line for line in frozen.splitlines() if line.endswith("==99.0")] == []
