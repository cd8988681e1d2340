"""A way to a server on loopback that can be cut, as a network is: nothing is closed or refused."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Passes on what is sent to and by a server, while it is not cut."""

    def __init__(self, port: int) -> None:
        """Listen.

        Args:
            port: The server's, on loopback.
        """
        self._target = port
        self._passes = threading.Event()
        self._passes.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Take what is sent, and pass on nothing."""
        self._passes.clear()

    def mend(self) -> None:
        """Pass on again, also what was held back."""
        self._passes.set()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()
        self.mend()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while True:
                data = source.recv(65536)
                self._passes.wait()
                if not data:
                    break
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
