"""A deployment by `docs/deploy/compose.yaml`, as `docker-compose` makes it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Dict, Mapping

import pytest

FILE = Path("docs/deploy/compose.yaml")

_STOP_SECONDS = 120


def found_compose() -> str:
    """The program; where there is none the test is skipped, or fails where an engine must be."""
    program = shutil.which("docker-compose")
    if program is None:
        sentence = "There is no `docker-compose`: install Debian's package docker-compose."
        if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    return program


def settings() -> Dict[str, str]:
    """What the README tells to put into `.env`."""
    return {
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "REDIS_PASSWORD": secrets.token_hex(16),
        "SECRET_KEY": secrets.token_hex(32),
        "FERNET_KEY": "d6Vefz3G9U_ynXB3cr7y_Ak35tAHkEGAVxuz_B-jzWw=",
        "ADMIN_PASSWORD": secrets.token_hex(8),
    }


class Compose:
    """One project.

    Args:
        engine_at: Address of the engine.
        environment: Variables that the file reads.
    """

    def __init__(self, engine_at: str, environment: Mapping[str, str]) -> None:
        self.project = f"astro-test-{uuid.uuid4().hex[:8]}"
        self._program = found_compose()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "DOCKER_HOST": engine_at,
            "COMPOSE_HTTP_TIMEOUT": "600",
            **environment,
        }

    def __call__(self, *words: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command of compose's."""
        return subprocess.run(
            [self._program, "--project-name", self.project, "--file", str(FILE), *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )

    def logs(self) -> str:
        """The end of each service's log."""
        return self("logs", "--no-color", "--tail=40").stdout

    def remove(self) -> None:
        """Remove containers, volumes and the network."""
        self("down", "--volumes", "--timeout", "2", seconds=_STOP_SECONDS)
