"""Servers that tests start on loopback."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Optional, Type, TypeVar

_Self = TypeVar("_Self", bound="LoopbackServer")


class LoopbackServer:
    """Listens while a `with` block runs.

    Args:
        server: Bound to a port of 127.0.0.1, and not yet serving.
    """

    def __init__(self, server: socketserver.TCPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Of the loopback interface."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self: _Self) -> _Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
