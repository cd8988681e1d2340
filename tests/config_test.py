from __future__ import annotations

from typing import Any, Dict

import pytest

from tests.engine.session import Engine

LABEL = "io.astronomer.docker"


@pytest.fixture(scope="module", params=["base_image", "runtime_image"])
def config(request: Any, engine: Engine) -> Dict[str, Any]:
    """The config of each image, as `docker inspect` shows it."""
    found: Dict[str, Any] = engine.inspect(request.getfixturevalue(request.param))["Config"]
    return found


def test_the_labels_are_those_of_the_platform(
    config: Dict[str, Any], release: Dict[str, Any], airflow_version: str
) -> None:
    wanted = {
        "maintainer": "Astronomer <humans@astronomer.io>",
        LABEL: "true",
        f"{LABEL}.distro": "debian",
        f"{LABEL}.module": "airflow",
        f"{LABEL}.component": "airflow",
        f"{LABEL}.uid": "50000",
        f"{LABEL}.airflow.version": airflow_version,
        f"{LABEL}.runtime.version": str(release["release"]),
    }

    assert {name: config["Labels"].get(name) for name in wanted} == wanted


def test_the_environment_is_that_of_the_platform(
    config: Dict[str, Any], release: Dict[str, Any]
) -> None:
    environment = dict(entry.split("=", 1) for entry in config["Env"])
    wanted = {
        "AIRFLOW_HOME": "/usr/local/airflow",
        "AIRFLOW_SNOWFLAKE_PARTNER": "ASTRONOMER",
        "ASTRONOMER_RUNTIME_VERSION": str(release["release"]),
        "ASTRONOMER_UID": "50000",
        "ASTRONOMER_USER": "astro",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": "/usr/local/airflow",
    }

    assert {name: environment.get(name) for name in wanted} == wanted
    assert environment["PATH"].split(":")[:2] == ["/usr/local/sbin", "/usr/local/bin"]


def test_it_starts_airflow_under_tini_as_astro(config: Dict[str, Any]) -> None:
    assert config["Entrypoint"] == ["tini", "--", "/entrypoint"]
    assert config["Cmd"] == ["airflow", "--help"]
    assert config["User"] == "astro"
    assert config["WorkingDir"] == "/usr/local/airflow"
    assert set(config["ExposedPorts"]) == {"8080/tcp"}


def test_only_the_runtime_image_has_build_triggers(
    engine: Engine, base_image: str, runtime_image: str
) -> None:
    base, runtime = (engine.inspect(image)["Config"] for image in (base_image, runtime_image))

    assert not base.get("OnBuild")
    assert f"{LABEL}.airflow.onbuild" not in base["Labels"]
    assert [step.split()[0] for step in runtime["OnBuild"]] == [
        "COPY",
        "USER",
        "RUN",
        "COPY",
        "RUN",
        "USER",
        "COPY",
    ]
    assert runtime["OnBuild"][-1] == "COPY --chown=astro:0 . ."
    assert runtime["Labels"][f"{LABEL}.airflow.onbuild"] == "true"
    assert runtime["Shell"] == ["/bin/bash", "-o", "pipefail", "-e", "-u", "-x", "-c"]


def test_both_images_have_the_same_layers(
    engine: Engine, base_image: str, runtime_image: str
) -> None:
    base, runtime = (engine.inspect(image)["RootFS"] for image in (base_image, runtime_image))

    assert base["Layers"] == runtime["Layers"]
    # Decision 9: engines stack at most 127, and users add theirs.
    assert len(base["Layers"]) <= 20
