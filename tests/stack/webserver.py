"""Airflow's webserver, as it is locally and as a platform has it."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import environment
from tests.stack.postgres import Database

PORT = 8080

# The file that a prepared webserver waits for.
_START = "/tmp/start"

_START_SECONDS = 120

_ISSUER, _AUDIENCE = "https://platform.test/", "deployment-1"

PLATFORM = {
    "AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT": "/tmp/platform.pem",
    "AIRFLOW__ASTRONOMER__JWT_ISSUER": _ISSUER,
    "AIRFLOW__ASTRONOMER__JWT_AUDIENCE": _AUDIENCE,
    "AIRFLOW__ASTRONOMER__IMAGE_TAG": "deploy-2022-07-11T10-00",
}
"""Settings that make a webserver one of a platform's."""

# Makes the platform's key, and prints one token for each role; both stay in the container.
_TOKENS = f"""
import json, sys, time, jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat
)
key = rsa.generate_private_key(65537, 2048)
open("/tmp/platform.pem", "wb").write(
    key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
def text(token):
    # PyJWT 1, which Airflow 2.2 has, makes bytes.
    return token if isinstance(token, str) else token.decode()
print(json.dumps({{
    role: text(jwt.encode(
        dict(sub=role, roles=[role], iss="{_ISSUER}", aud="{_AUDIENCE}", exp=time.time() + 3600),
        secret,
        "RS256",
    ))
    for role in sys.argv[1:]
}}))
"""


def start_webserver(
    engine: Engine,
    image: str,
    database: Database,
    settings: Mapping[str, str],
    command: str = "exec airflow webserver",
    **options: Any,
) -> Container:
    """A container that starts the webserver as soon as it is told to, by `begin`.

    Args:
        engine: Where.
        image: The image.
        database: A migrated database.
        settings: Variables on top of what Airflow needs.
        command: What to start, for a shell.
        options: Of `Engine.start`.
    """
    return engine.start(
        image,
        # The platform's key is made where it is used.
        ["bash", "-c", f"while [ ! -e {_START} ]; do sleep 0.1; done; {command}"],
        network=database.network,
        environment={
            **environment(database.url),
            # A command by `exec` passes no entrypoint, and Airflow 2.2 knows the older name alone.
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN": database.url,
            "AIRFLOW__WEBSERVER__SECRET_KEY": "only-in-this-test",
            **settings,
        },
        **options,
    )


def tokens(server: Container, roles: Sequence[str]) -> Dict[str, str]:
    """A token of the platform's for a user with each of the roles, whose name is the role's."""
    made: Dict[str, str] = server.exec(["python3", "-c", _TOKENS, *roles]).json()
    return made


def begin(server: Container, port: int = PORT) -> None:
    """Start what `start_webserver` prepared, and wait until it serves."""
    let_start(server)
    wait_until_it_serves(server, port)


def let_start(server: Container) -> None:
    """Start what `start_webserver` prepared."""
    server.exec(["touch", _START]).checked()


def wait_until_it_serves(server: Container, port: int = PORT) -> None:
    """Wait for a webserver that was started."""
    wait_for(
        "the webserver",
        lambda: get(server, "/health", port=port)[0] == 200,
        _START_SECONDS,
        server.logs,
    )


def get(server: Container, path: str, token: str = "", port: int = PORT) -> Tuple[int, str]:
    """Status and body of a page."""
    header = ["--header", f"Authorization: Bearer {token}"] if token else []
    url = f"http://127.0.0.1:{port}{path}"
    finished = server.exec(["curl", "--silent", "--write-out", "\n%{http_code}", *header, url])
    body, _, code = finished.stdout.rpartition("\n")
    return int(code or 0), body
