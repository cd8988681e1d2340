"""A real Redis on loopback, and servers that are worse than one that is down."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, List, Optional

from astronomer.runtime.kernel import end_with_parent

_START_SECONDS = 30


class RedisServer:
    """Debian's Redis, with an empty memory that no file outlives."""

    def __init__(self, folder: Path, *options: str, name: str = "redis-server") -> None:
        """Start it.

        Args:
            folder: Exists; the server's working directory.
            options: More of its command line.
            name: What it is to be: `redis-server`, or `redis-sentinel` with a file as its option.
        """
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._name = name
        self._options = options
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self.start()

    def start(self) -> None:
        """Serve, at the address it had."""
        # The package `redis-tools` holds the server under the name of one of its tools, without
        # the service that `redis-server` starts; it is told by its name what to be.
        program = shutil.which("redis-check-rdb")
        assert program, "install Debian's package redis-tools"
        port = ["--port", str(self.port)]
        if "--tls-cert-file" in self._options:
            port = ["--port", "0", "--tls-port", str(self.port)]
        nothing_kept = ["--save", ""] if self._name == "redis-server" else []
        self._process = subprocess.Popen(
            [self._name, *self._options, *port, "--bind", "127.0.0.1", *nothing_kept],
            executable=program,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            assert self._process.poll() is None, "Redis has ended"
            assert time.monotonic() < deadline, "Redis does not listen"
            time.sleep(0.02)

    def kill(self) -> None:
        """End at once, and forget everything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Take connections, and answer nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def client(self, **options: Any) -> Any:
        """A client of package `redis`."""
        import redis

        return redis.Redis(port=self.port, **options)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False


class SilentServer:
    """Takes connections, and answers as it is told to, which no Redis does."""

    def __init__(self, answer: bytes = b"", every: float = 0) -> None:
        """Listen.

        Args:
            answer: What each question gets.
            every: Seconds between two bytes of it, again and again; 0 sends it whole, and once.
        """
        self._answer, self._every = answer, every
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._taken: List[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def connections(self) -> int:
        """How many it has taken so far."""
        return len(self._taken)

    def close(self) -> None:
        """Be gone."""
        self._server.close()
        for each in self._taken:
            each.close()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._server.accept()
            except OSError:
                return
            self._taken.append(taken)
            threading.Thread(target=self._talk, args=(taken,), daemon=True).start()

    def _talk(self, taken: socket.socket) -> None:
        try:
            while taken.recv(65536):
                while self._every:
                    for number in self._answer:
                        taken.sendall(bytes([number]))
                        time.sleep(self._every)
                taken.sendall(self._answer)
        except OSError:
            # The visitor had enough.
            pass


def free_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
