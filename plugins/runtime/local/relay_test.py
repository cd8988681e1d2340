from __future__ import annotations

import socket
import threading
from pathlib import Path

from runtime.local.relay import listen, serve


def _relay(listen_at: str, connect_to: str) -> socket.socket:
    listener = listen(listen_at)
    threading.Thread(target=serve, args=(listener, connect_to), daemon=True).start()
    return listener


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def test_two_relays_join_two_ports_by_a_file(tmp_path: Path) -> None:
    server = listen("tcp:127.0.0.1:0")
    _relay(f"unix:{tmp_path}/socket", f"tcp:127.0.0.1:{_port(server)}")
    front = _relay("tcp:127.0.0.1:0", f"unix:{tmp_path}/socket")

    with socket.create_connection(("127.0.0.1", _port(front)), timeout=10) as client:
        served, _ = server.accept()
        with served:
            client.sendall(b"question" * 100_000)
            client.shutdown(socket.SHUT_WR)
            question = b"".join(iter(lambda: served.recv(1 << 16), b""))
            served.sendall(b"answer")
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))

    assert (len(question), answer) == (800_000, b"answer")


def test_where_nothing_listens_a_connection_ends_and_the_next_is_passed_on(tmp_path: Path) -> None:
    front = _relay("tcp:127.0.0.1:0", f"unix:{tmp_path}/socket")
    address = ("127.0.0.1", _port(front))

    with socket.create_connection(address, timeout=10) as client:
        assert client.recv(1) == b""

    server = listen(f"unix:{tmp_path}/socket")
    with socket.create_connection(address, timeout=10) as client:
        served, _ = server.accept()
        with served:
            served.sendall(b"hello")
        assert client.recv(5) == b"hello"
