"""A store with Amazon's API for containers; what it holds is gone with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

from tests.engine.container import Container

PORT = 5000
URL = f"http://127.0.0.1:{PORT}"
BUCKET = "logs"


class S3:
    """A server that is reached at `URL` in the network of a container, with one bucket."""

    def __init__(self, program: Path, container: Container, cache: Path) -> None:
        """Start it, and wait until it serves.

        To enter the network of a container takes root, and an engine on this machine.

        Args:
            program: The executable of `astronomer.runtime.testing.s3`.
            container: One of those that share the network.
            cache: A folder for what the executable unpacks.
        """
        enter = ["nsenter", "--target", str(container.pid), "--net"]
        self._process = subprocess.Popen(
            [*enter, sys.executable, str(program.resolve()), str(PORT)],
            env={**os.environ, "PEX_ROOT": str(cache)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def stop(self) -> None:
        """Be down: connections are refused. What it has, it keeps."""
        self._tell("down")

    def start(self) -> None:
        """Be up again."""
        self._tell("up")

    def objects(self) -> Dict[str, str]:
        """The content of all objects by their key."""
        found: Dict[str, str] = self._tell("objects")
        return found

    def of_run(self, run_id: str) -> List[str]:
        """Keys of the objects of a run's logs."""
        return [key for key in self.objects() if f"/run_id={run_id}/" in key]

    def close(self) -> None:
        """Remove it with all that it holds."""
        self._process.kill()
        self._process.wait()

    def _tell(self, word: str) -> Any:
        assert self._process.stdin is not None
        print(word, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The S3 server has ended: what it said stands above."
        return json.loads(line)
