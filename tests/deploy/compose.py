"""A deployment by `docs/deploy/compose.yaml`, by `docker-compose` or `docker compose`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Dict, Mapping, Sequence, Tuple

import pytest

FILE = Path("docs/deploy/compose.yaml")
MOUNTS = Path("docs/deploy/compose.mounts.yaml")

_STOP_SECONDS = 120


PROGRAMS: Tuple[Tuple[str, ...], ...] = (("docker-compose",), ("docker", "compose"))
"""What people have: a program of its own, or a plugin of Docker's client."""


def _answers(program: Sequence[str]) -> bool:
    if shutil.which(program[0]) is None:
        return False
    return subprocess.run([*program, "version"], capture_output=True, timeout=60).returncode == 0


def check_program(program: Sequence[str]) -> None:
    """Skip the test where the program is missing, or fail where there must be one of them."""
    if _answers(program):
        return
    if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1" and not any(map(_answers, PROGRAMS)):
        sentence = "There is no `docker-compose`: install Debian's package docker-compose."
        pytest.fail(sentence, pytrace=False)
    pytest.skip(f"There is no `{' '.join(program)}`.")


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
        program: One of `PROGRAMS`.
        engine_at: Address of the engine.
        environment: Variables that the files read.
        files: What the project is made of.
    """

    def __init__(
        self,
        program: Sequence[str],
        engine_at: str,
        environment: Mapping[str, str],
        files: Sequence[Path] = (FILE,),
    ) -> None:
        check_program(program)
        self.project = f"astro-test-{uuid.uuid4().hex[:8]}"
        self._program = program
        self._files = [word for file in files for word in ("--file", str(file))]
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
            [*self._program, "--project-name", self.project, *self._files, *words],
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
