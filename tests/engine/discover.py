"""Finds an engine for the tests."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator

from tests.engine.connection import answers
from tests.engine.private import private_engine

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


@contextmanager
def engine_address() -> Iterator[str]:
    """The address of an engine that works while the block lasts.

    DOCKER_HOST, else the default socket, else a private engine.

    Raises:
        NoEngine: None answers and none can be started here.
        EngineFailed: A private one was started and did not become ready.
    """
    for address in (os.environ.get("DOCKER_HOST", ""), DEFAULT_ADDRESS):
        if address and answers(address):
            yield address
            return
    with private_engine() as address:
        yield address
