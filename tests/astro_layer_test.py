"""What layers/astro adds to Airflow, in running containers."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.stack.postgres import Database
from tests.stack.webserver import PLATFORM, begin, get, start_webserver, tokens


@pytest.fixture
def platform(
    engine: Engine, runtime_image: str, database: Database
) -> Iterator["tuple[Container, Dict[str, str]]"]:
    with start_webserver(engine, runtime_image, database, PLATFORM) as server:
        made = tokens(server, ["WORKSPACE_VIEWER", "WORKSPACE_ADMIN"])
        begin(server)
        yield server, made


def test_on_the_platform_a_signed_token_is_the_way_in(
    platform: "tuple[Container, Dict[str, str]]", release: Dict[str, Any], airflow_version: str
) -> None:
    server, made = platform
    viewer, admin = made["WORKSPACE_VIEWER"], made["WORKSPACE_ADMIN"]

    for path in ("/home", "/login/", "/api/v1/dags", "/static/pin_32.png"):
        assert get(server, path)[0] == 401
        assert get(server, path, viewer[:-4])[0] == 401
    code, page = get(server, "/home", viewer)
    assert code == 200
    assert f">Astronomer Runtime {release['release']} based on Airflow {airflow_version}<" in page
    # Airflow's own link to its package, which knows no local version.
    assert f'/apache-airflow/{release["airflow"]}"' in page
    assert "Image tag: " + PLATFORM["AIRFLOW__ASTRONOMER__IMAGE_TAG"] in page
    assert get(server, "/api/v1/dags", viewer)[0] == 200
    for path in ("/variable/list/", "/api/v1/variables"):
        assert get(server, path, viewer)[0] == 403
        assert get(server, path, admin)[0] == 200
    assert server.exec(["astronomer-runtime", "health"]).checked().output.startswith("webserver:")


def test_locally_there_is_a_login_page_with_our_colours(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_webserver(engine, runtime_image, database, {}) as server:
        begin(server)
        code, page = get(server, "/login/")
        assert code == 200
        assert "astronomer/static/dark-navbar.css" in page
        assert get(server, "/astronomer/static/dark-navbar.css")[0] == 200
        assert get(server, "/api/v1/dags")[0] in (401, 403)


def test_a_component_fits_its_container(engine: Engine, runtime_image: str) -> None:
    with engine.start(
        runtime_image,
        ["airflow", "webserver"],
        environment={"AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "7"},
        nano_cpus=500_000_000,
        mem_limit="900m",
    ) as container:
        container.wait_for_log("`astronomer-runtime config` says why", 30)
        found = container.exec(["astronomer-runtime", "config", "--json"]).json()

    assert found["resources"]["cpus"] == 0.5
    assert found["resources"]["memory"] == 900 * 1024**2
    settings = {each["variable"]: each for each in found["components"]["webserver"]}
    assert settings["AIRFLOW__WEBSERVER__WORKERS"]["value"] == "2"
    pool = settings["AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE"]
    assert (pool["value"], pool["source"]) == ("7", "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE")


def test_the_package_names_its_licence_and_the_image_has_the_text(shell: Container) -> None:
    script = "import importlib.metadata as m; print(m.metadata('astronomer-runtime').as_string())"
    metadata = shell.exec(["python", "-c", script]).checked().stdout
    assert "License-Expression: Apache-2.0\n" in metadata
    text = shell.exec(["head", "-c", "200", "/usr/share/common-licenses/Apache-2.0"]).checked()
    assert "Version 2.0, January 2004" in text.stdout


def test_a_container_without_a_component_is_healthy(shell: Container) -> None:
    assert "runs no component" in shell.exec(["astronomer-runtime", "health"]).checked().output
