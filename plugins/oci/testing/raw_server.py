"""A server whose answers are bytes that a test chooses, well formed or not."""

from __future__ import annotations

import socketserver
from typing import Callable

from oci.testing.loopback import LoopbackServer

Answer = Callable[[str, str], bytes]
"""From the method and the path of a request to all the bytes of the answer."""


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A well-formed answer; headers with underscores for hyphens, one that is given counts."""
    lines = {"Content_Length": str(len(body)), "Connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


class _Handler(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self) -> None:
        line = self.rfile.readline(65536).decode("latin-1").split()
        length = 0
        while True:
            header = self.rfile.readline(65536)
            if header in (b"\r\n", b"\n", b""):
                break
            name, _, value = header.decode("latin-1").partition(":")
            if name.lower() == "content-length":
                length = int(value)
        self.rfile.read(length)
        if len(line) > 1:
            self.wfile.write(self.server.answer(line[0], line[1]))  # type: ignore[attr-defined]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that has heard enough hangs up."""


class RawServer(LoopbackServer):
    """Answers with what it is told.

    Args:
        answer: What to answer. It may be set anew at any time.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(_Server(("127.0.0.1", 0), _Handler))
        self.set(answer)

    def set(self, answer: Answer) -> None:
        """Answer otherwise from now on."""
        self._server.answer = answer  # type: ignore[attr-defined]
