"""What layers/astro adds to Airflow, in running containers."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import environment
from tests.stack.postgres import Database

_START_SECONDS = 120

ISSUER, AUDIENCE = "https://platform.test/", "deployment-1"

# Makes the platform's key, and prints one token for each role; both stay in the container.
_TOKENS = f"""
import json, time, jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat
)
key = rsa.generate_private_key(65537, 2048)
open("/tmp/platform.pem", "wb").write(
    key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
print(json.dumps({{
    role: jwt.encode(
        dict(sub=role, roles=[role], iss="{ISSUER}", aud="{AUDIENCE}", exp=time.time() + 600),
        secret,
        "RS256",
    )
    for role in ("WORKSPACE_VIEWER", "WORKSPACE_ADMIN")
}}))
"""


def webserver(engine: Engine, image: str, database: Database, **settings: str) -> Container:
    """A webserver that has started as far as its tests need."""
    return engine.start(
        image,
        # The key is made where it is used.
        ["bash", "-c", "while [ ! -e /tmp/start ]; do sleep 0.1; done; exec airflow webserver"],
        network=database.network,
        environment={
            **environment(database.url),
            "AIRFLOW__WEBSERVER__SECRET_KEY": "only-in-this-test",
            **settings,
        },
    )


def get(server: Container, path: str, token: str = "") -> "tuple[int, str]":
    """Status and body of a page."""
    header = ["--header", f"Authorization: Bearer {token}"] if token else []
    url = f"http://127.0.0.1:8080{path}"
    finished = server.exec(["curl", "--silent", "--write-out", "\n%{http_code}", *header, url])
    body, _, code = finished.stdout.rpartition("\n")
    return int(code or 0), body


def begin(server: Container) -> None:
    server.exec(["touch", "/tmp/start"]).checked()
    wait_for("the webserver", lambda: get(server, "/health")[0] == 200, _START_SECONDS, server.logs)


@pytest.fixture
def platform(
    engine: Engine, runtime_image: str, database: Database
) -> Iterator["tuple[Container, Dict[str, str]]"]:
    with webserver(
        engine,
        runtime_image,
        database,
        AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT="/tmp/platform.pem",
        AIRFLOW__ASTRONOMER__JWT_ISSUER=ISSUER,
        AIRFLOW__ASTRONOMER__JWT_AUDIENCE=AUDIENCE,
        AIRFLOW__ASTRONOMER__IMAGE_TAG="deploy-2022-07-11T10-00",
    ) as server:
        tokens: Dict[str, str] = server.exec(["python3", "-c", _TOKENS]).json()
        begin(server)
        yield server, tokens


def test_on_the_platform_a_signed_token_is_the_way_in(
    platform: "tuple[Container, Dict[str, str]]", release: Dict[str, Any], airflow_version: str
) -> None:
    server, tokens = platform
    viewer, admin = tokens["WORKSPACE_VIEWER"], tokens["WORKSPACE_ADMIN"]

    for path in ("/home", "/login/", "/api/v1/dags", "/static/pin_32.png"):
        assert get(server, path)[0] == 401
        assert get(server, path, viewer[:-4])[0] == 401
    code, page = get(server, "/home", viewer)
    assert code == 200
    assert f">Astronomer Runtime {release['release']} based on Airflow {airflow_version}<" in page
    # Airflow's own link to its package, which knows no local version.
    assert f'/apache-airflow/{release["airflow"]}"' in page
    assert "Image tag: deploy-2022-07-11T10-00" in page
    assert get(server, "/api/v1/dags", viewer)[0] == 200
    for path in ("/variable/list/", "/api/v1/variables"):
        assert get(server, path, viewer)[0] == 403
        assert get(server, path, admin)[0] == 200
    assert server.exec(["astronomer-runtime", "health"]).checked().output.startswith("webserver:")


def test_locally_there_is_a_login_page_with_our_colours(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with webserver(engine, runtime_image, database) as server:
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


def test_a_container_without_a_component_is_healthy(shell: Container) -> None:
    assert "no component" in shell.exec(["astronomer-runtime", "health"]).checked().output
