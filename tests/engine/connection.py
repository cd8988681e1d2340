"""A connection to an engine, given its address."""

from __future__ import annotations

import os

import docker
from docker.errors import DockerException


def connect(address: str, timeout: float) -> docker.DockerClient:
    """A client of the engine at `address`, with the TLS settings of DOCKER_TLS_VERIFY and its kin.

    Args:
        address: `unix://...` or `tcp://...`.
        timeout: Seconds that one answer may take.

    Raises:
        DockerException: Nothing there speaks the engine's protocol.
    """
    environment = {**os.environ, "DOCKER_HOST": address}
    client: docker.DockerClient = docker.from_env(environment=environment, timeout=int(timeout))
    return client


def answers(address: str) -> bool:
    """Whether an engine answers at `address`."""
    try:
        client = connect(address, timeout=5)
    except (DockerException, OSError):
        return False
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()
