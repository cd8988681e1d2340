"""A real registry on loopback: Debian's `docker-registry`."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence

_START_SECONDS = 30
_PR_SET_PDEATHSIG = 1

USER, PASSWORD = "publisher", "correct horse"

# Of USER and PASSWORD, by `htpasswd -B`: the only kind that the registry takes.
HTPASSWD = "publisher:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class RegistryServer:
    """One registry, which keeps its port and its content when it is started again.

    Args:
        folder: For all it writes.
        auth: The section `auth` of its configuration, if it is to have any.
        tls: Files of the certificate and its key, if it is to speak https.
        wrapper: A command that runs the registry's.
    """

    def __init__(
        self,
        folder: Path,
        auth: Optional[Mapping[str, Any]] = None,
        tls: Optional[Sequence[Path]] = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self.log = folder / "log"
        self.content = folder / "content"
        self.content.mkdir()
        self._wrapper = list(wrapper)
        self._process: Optional["subprocess.Popen[bytes]"] = None
        http: Dict[str, Any] = {"addr": f"127.0.0.1:{self.port}", "secret": "of this test"}
        if tls:
            http["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
        config: Dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.content)}},
            "http": http,
        }
        if auth:
            config["auth"] = auth
        self._config = folder / "config.yml"
        # JSON is YAML.
        self._config.write_text(json.dumps(config))

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> RegistryServer:
        """Start it, and wait until it answers."""
        program = shutil.which("docker-registry")
        assert program, "install Debian's package docker-registry"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._wrapper, program, "serve", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Nothing of the tester's configures it.
                env={"PATH": os.environ["PATH"], "HOME": str(self.content)},
                preexec_fn=_die_with_parent,
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
