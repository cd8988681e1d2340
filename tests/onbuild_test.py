"""Projects built on the runtime image, as `astro dev start` builds them."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from tests.engine.session import Engine
from tests.stack.airflow import GREETING_DAG
from tests.stack.package_index import package_index, wheel

REFUSAL = (
    "Do not upgrade by specifying 'apache-airflow' in your requirements.txt, "
    "change the base image instead!"
)


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """An index with a package of the user's, and with a `requests` newer than the image's."""
    greeter = wheel("greeter", "1.0", "GREETING = 'hello'\n", requires=["requests>=2.0"])
    with package_index([greeter, wheel("requests", "99.0")]) as url:
        yield url


@pytest.fixture(params=["the image's shell", "dash"])
def dockerfile(request: Any, engine: Engine, base_image: str, runtime_image: str) -> str:
    """The Dockerfile of a project, as Docker reads it, and as what builds in OCI's format does.

    That one knows no SHELL: each step, also those of the image, runs by `/bin/sh -c`.
    """
    if request.param == "dash":
        steps = engine.inspect(runtime_image)["Config"]["OnBuild"]
        return "\n".join([f"FROM {base_image}", 'SHELL ["/bin/sh", "-c"]', *steps, ""])
    return f"FROM {runtime_image}\n"


def project(
    image: str, packages: str = "", requirements: str = "", dockerfile: str = ""
) -> Dict[str, str]:
    """The files of an Astro project."""
    return {
        "Dockerfile": dockerfile or f"FROM {image}\n",
        "packages.txt": packages,
        "requirements.txt": requirements,
        "dags/greeting.py": GREETING_DAG,
        "include/query.sql": "SELECT 1\n",
    }


@pytest.fixture(scope="module")
def plain_project(engine: Engine, runtime_image: str) -> str:
    """The image of a project that adds no packages."""
    built = engine.build(project(runtime_image))
    assert built.image, built.log
    return built.image


def test_a_project_gets_its_packages_requirements_and_dags(
    engine: Engine, runtime_image: str, index: str, dockerfile: str
) -> None:
    built = engine.build(
        project(
            runtime_image,
            packages="# Tools of ours\r\ntree  # to look around\r\n\r\n# the last",
            requirements=f"--index-url {index}\r\n# ours\r\n\r\ngreeter==1.0",
            dockerfile=dockerfile,
        )
    )
    assert built.image, built.log

    look = (
        "tree --version && python -c 'import greeter; print(greeter.GREETING)'"
        " && stat --format='%U:%g' dags/greeting.py include/query.sql && id -un"
        " && pip check && ls /var/lib/apt/lists"
    )
    finished = engine.run(built.image, ["bash", "-ec", look]).checked()

    version, greeting, *rest = finished.stdout.splitlines()
    assert version.startswith("tree v")
    assert greeting == "hello"
    assert rest == ["astro:0", "astro:0", "astro", "No broken requirements found."]


@pytest.mark.parametrize(
    "lists",
    [
        {"packages": "no-such-package"},
        {"packages": "# ours\n\nno-such-package # one\ncurl\n"},
        {"packages": "curl'\n"},
        {"requirements": "greeter==9.9"},
        {"requirements": "requests==99.0"},
        {"requirements": "apache-airflow==2.4.0\r\n"},
    ],
)
def test_a_list_that_cannot_be_installed_fails_the_build(
    engine: Engine, runtime_image: str, index: str, dockerfile: str, lists: Dict[str, str]
) -> None:
    built = engine.build(project(runtime_image, dockerfile=dockerfile, **lists))

    assert built.image == "", built.log


def test_a_list_of_comments_in_any_encoding_installs_nothing(
    engine: Engine, runtime_image: str, dockerfile: str
) -> None:
    comments = {"packages.txt": "# \xfcber\r\n \t\r\n".encode("latin-1")}
    built = engine.build({**project(runtime_image, dockerfile=dockerfile), **comments})

    assert built.image, built.log
    assert "+ apt-get" not in built.log


def test_the_dag_of_a_project_with_empty_lists_is_found(engine: Engine, plain_project: str) -> None:
    script = (
        "from airflow.models import DagBag; bag = DagBag(include_examples=False);"
        "print(sorted(bag.dags), bag.import_errors)"
    )
    finished = engine.run(plain_project, ["python", "-c", script])

    assert finished.checked().stdout.splitlines()[-1] == "['greeting'] {}"


@pytest.mark.parametrize(
    "line",
    [
        "apache-airflow==2.4.0",
        "apache-airflow>=2.4",
        "apache-airflow~=2.3",
        "apache-airflow == 2.4",
    ],
)
def test_a_project_cannot_replace_airflow(engine: Engine, runtime_image: str, line: str) -> None:
    built = engine.build(project(runtime_image, requirements=f"# more\n{line}\n"))

    assert built.image == ""
    assert REFUSAL in built.log


def test_a_project_may_name_a_provider_that_is_there(engine: Engine, runtime_image: str) -> None:
    built = engine.build(
        project(runtime_image, requirements="apache-airflow-providers-amazon>=4\n")
    )

    assert built.image, built.log
    assert "Requirement already satisfied: apache-airflow-providers-amazon" in built.log


def test_a_requirement_cannot_change_a_preinstalled_package(
    engine: Engine, runtime_image: str, index: str
) -> None:
    built = engine.build(
        project(runtime_image, requirements=f"--index-url {index}\nrequests==99.0\n")
    )

    assert built.image == ""
    assert "The user requested (constraint) requests==2." in built.log


def test_an_upgrade_keeps_the_preinstalled_version(
    engine: Engine, runtime_image: str, index: str
) -> None:
    built = engine.build(project(runtime_image, requirements=f"--index-url {index}\ngreeter\n"))
    assert built.image, built.log

    finished = engine.run(built.image, ["bash", "-c", "pip freeze | grep ^requests=="])

    assert finished.checked().stdout.startswith("requests==2.")


def test_a_project_without_packages_txt_is_refused_by_the_engine(
    engine: Engine, runtime_image: str
) -> None:
    files = project(runtime_image)
    del files["packages.txt"]

    built = engine.build(files)

    assert built.image == ""
    assert "packages.txt" in built.log


def test_a_project_s_image_starts_as_the_runtime_image_does(
    engine: Engine, runtime_image: str, plain_project: str
) -> None:
    ours, its = (engine.inspect(image)["Config"] for image in (runtime_image, plain_project))
    for key in ("Entrypoint", "Cmd", "User", "WorkingDir", "ExposedPorts"):
        assert its[key] == ours[key]
    assert not its["OnBuild"]
    assert its["Labels"]["io.astronomer.docker.airflow.onbuild"] == "true"
