"""pip holds what the image comes with, and nothing else: with the oldest pip and the newest."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.releases.catalogue import ends_of_lines
from tests.releases.projects import EXPERIMENT, PIP, container_with_projects, run
from tests.stack.package_index import wheel
from tests.stack.source_projects import Project, legacy_project, own_backend_project

OTHERS = {"setuptools": "setuptools>=64", "requests": "requests==99.0"}
"""Requirements for other versions than any image has."""

PROJECTS: Dict[str, Project] = {
    "modern": own_backend_project("modern", list(OTHERS.values())),
    "nested": own_backend_project("nested", ["modern"]),
    "old_way": legacy_project("old_way", setup_requires=["requests==99.0"]),
    "meddler": {
        "setup.py": (
            "import subprocess, sys\n"
            "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'requests==99.0'])\n"
        )
    },
}

WHEELS = [
    *(wheel(name, "99.0") for name in ("setuptools", "requests", "apache_airflow")),
    *(wheel("greeter", version) for version in ("1.0", "2.0")),
]


@pytest.fixture(scope="module", params=[ends_of_lines()[0], ends_of_lines()[-1], EXPERIMENT])
def release(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def container(engine: Engine, load: Callable[[str], str], release: str) -> Iterator[Container]:
    """A container of the release."""
    with container_with_projects(engine, load(release), PROJECTS, WHEELS) as started:
        yield started


@pytest.fixture(autouse=True)
def unchanged(container: Container) -> Iterator[None]:
    """Fails each test after which the image has another version of what it comes with."""
    yield
    script = (
        "import importlib.metadata as metadata; print([each.version for each in "
        "metadata.distributions() if each.version == '99.0'])"
    )
    assert run(container, f'cd /; python -c "{script}"').checked().stdout == "[]\n"


@pytest.mark.parametrize(
    "commands",
    [
        f"{PIP} modern; python -c 'import modern; print(modern.BUILT_WITH)'",
        "pip wheel --no-cache-dir -w /tmp/wheels modern; "
        "python -c 'import sys; sys.path += sys.argv[1:]; import modern; print(modern.BUILT_WITH)'"
        " /tmp/wheels/modern-1.0-*.whl",
    ],
    ids=["install", "wheel"],
)
def test_a_build_may_need_other_versions_than_the_image_has(
    container: Container, commands: str
) -> None:
    built = run(container, f"cd /; {commands}").checked()

    assert built.stdout.splitlines()[-1] == str({name: "99.0" for name in OTHERS})


@pytest.mark.parametrize(
    "command",
    [
        "pip download --no-cache-dir -d /tmp/files modern",
        f"{PIP} -e modern",
        # What a build needs may have to be built first.
        f"{PIP} nested",
    ],
    ids=["download", "editable", "nested"],
)
def test_so_may_every_other_command_that_builds(container: Container, command: str) -> None:
    run(container, command).checked()


def test_setuptools_may_fetch_other_versions_for_a_build(
    container: Container, release: str
) -> None:
    if release == EXPERIMENT:
        pytest.skip("The image has no setuptools.")
    run(container, f"{PIP} old_way").checked()

    assert run(container, "old_way").checked().stdout == "I am old_way\n"


@pytest.mark.parametrize(
    "commands",
    [
        f"{PIP} requests==99.0",
        f"{PIP} --user apache-airflow==99.0",
        f"echo 'greeter<2' > /tmp/own.txt; {PIP} -c /tmp/own.txt requests==99.0",
        # Its setup.py starts a pip that would install into the image.
        f"{PIP} meddler",
    ],
    ids=["version", "airflow", "own", "meddler"],
)
def test_what_the_image_has_cannot_be_changed(container: Container, commands: str) -> None:
    assert run(container, commands).exit_code not in (0, 124)


def test_an_upgrade_leaves_what_the_image_has_and_keeps_constraints_of_one_s_own(
    container: Container,
) -> None:
    commands = "echo 'greeter<2' > /tmp/own.txt; "
    commands += f"{PIP} --upgrade -c /tmp/own.txt apache-airflow requests greeter"

    assert "greeter-1.0" in run(container, commands).checked().stdout
