"""A server of the Remote Execution API's cache: BuildGrid, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Optional

_CONFIG = """
server:
  - !channel
    address: "127.0.0.1:{port}"
    insecure-mode: true
authorization:
  method: none
storages:
  - !disk-storage &cas
    path: {cas}
caches:
  - !lru-action-cache &actions
    storage: *cas
    max-cached-refs: 100000
    allow-updates: true
    cache-failed-actions: false
instances:
  - name: main
    services:
      - !action-cache
        cache: *actions
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
# More than the calls that Pants makes at once.
thread-pool-size: 300
"""

_SECONDS = 60
"""Bound on its start, on a machine with other work."""


PROGRAM = Path("tests.monorepo/cache-server.pex")
"""Where Pants puts it for a test that depends on it."""


class CacheServer:
    """The server, with a folder of its own.

    Args:
        folder: For all that it keeps; it must not exist. What the server says is in `log`.
        program: BuildGrid, as Pants packages it.
    """

    def __init__(self, folder: Path, program: Path = PROGRAM) -> None:
        folder.mkdir(parents=True)
        self._program = program.absolute()
        self._folder = folder
        self._process: Optional["subprocess.Popen[bytes]"] = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        config = _CONFIG.format(port=self._port, cas=folder / "cas")
        (folder / "config.yml").write_text(config)

    def start(self) -> CacheServer:
        """Start it; it answers when this returns."""
        self._process = subprocess.Popen(
            [sys.executable, str(self._program), "server", "start", "config.yml"],
            cwd=self._folder,
            # Unpacked once for all tests in a sandbox.
            env={**os.environ, "PEX_ROOT": str(self._program.parent / "pex-root")},
            stdout=(self._folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return self
        self.kill()
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """End it as a power failure would. What it knows of results is in its memory, and gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def blob(self, sha256: str) -> Path:
        """The file in which it keeps a blob."""
        return self._folder / "cas/cas/objects" / sha256[:2] / sha256[2:]

    def settings(self, write: bool) -> Dict[str, str]:
        """Variables of a build that uses it."""
        return {
            "PANTS_REMOTE_STORE_ADDRESS": f"grpc://127.0.0.1:{self._port}",
            "PANTS_REMOTE_INSTANCE_NAME": "main",
            "PANTS_REMOTE_CACHE_READ": "true",
            "PANTS_REMOTE_CACHE_WRITE": str(write).lower(),
            # What is still on its way to the server when a build ends is thrown away otherwise.
            "PANTS_SESSION_END_TASKS_TIMEOUT": "300",
        }
