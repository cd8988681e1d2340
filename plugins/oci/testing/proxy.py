"""A TCP proxy on loopback that counts what a client sends, and cuts connections on demand."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Callable, List, Optional, Tuple

_BLOCK = 1 << 16
# Closing with this drops what is under way and resets the connection, as a pulled cable would.
_AT_ONCE = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards to a port of this machine.

    Args:
        port: Where to.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._pairs: List[Tuple[socket.socket, socket.socket]] = []
        self._open = True
        self.sent = 0
        """Bytes that clients sent and that were passed on."""
        self.cut_when: Optional[Callable[[bytes], bool]] = None
        """Asked for each piece that a client sends; once it says yes, all connections are cut, and
        the piece is not passed on. Then it is forgotten."""
        self.on_cut: Callable[[], None] = lambda: None
        """Called when connections were cut."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Accept nothing more, and cut what is open."""
        self._open = False
        # Wakes the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                self._reset(client)
                continue
            with self._lock:
                self._pairs.append((client, server))
            for source, sink, counted in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._forward, args=(source, sink, counted), daemon=True
                ).start()

    def _forward(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        try:
            while True:
                piece = source.recv(_BLOCK)
                if not piece:
                    break
                if counted and self._shall_cut(piece):
                    self._cut()
                    self.on_cut()
                    return
                sink.sendall(piece)
                if counted:
                    with self._lock:
                        self.sent += len(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._reset(sink)

    def _shall_cut(self, piece: bytes) -> bool:
        with self._lock:
            if self.cut_when is None or not self.cut_when(piece):
                return False
            self.cut_when = None
            return True

    def _cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                self._reset(end)

    @staticmethod
    def _reset(end: socket.socket) -> None:
        try:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            # Another thread may be waiting in it, which `close` alone does not end.
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()
