from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator, List

import pytest
from astronomer.runtime.bounded_fetch import FetchError, fetch
from astronomer.runtime.conftest import HttpServer


def test_a_document_comes_whole(http_server: HttpServer) -> None:
    http_server.body = b"x" * 100_000
    assert fetch(http_server.url, 10, 100_000) == http_server.body


def test_a_larger_one_is_refused(http_server: HttpServer) -> None:
    http_server.body = b"x" * 100_001
    with pytest.raises(FetchError, match="longer than 100000 bytes"):
        fetch(http_server.url, 10, 100_000)


def test_a_redirection_is_not_followed(http_server: HttpServer) -> None:
    http_server.status, http_server.headers = 302, {"Location": http_server.url + "/elsewhere"}
    with pytest.raises(FetchError, match="the answer is 302"):
        fetch(http_server.url, 10, 1000)
    assert len(http_server.asked) == 1


def test_no_server_is_an_error_without_the_address() -> None:
    with pytest.raises(FetchError) as error:
        fetch("http://user:secret@127.0.0.1:9/", 10, 1000)
    assert "secret" not in str(error.value)


def answering(parts: List[bytes], pause: float) -> Callable[[socket.socket], None]:
    """A server's way to answer: one part after the other, the last one for ever."""

    def answer(connection: socket.socket) -> None:
        for part in itertools.chain(parts, itertools.repeat(parts[-1])):
            connection.sendall(part)
            time.sleep(pause)

    return answer


def say_nothing(connection: socket.socket) -> None:
    connection.recv(1_000_000)
    connection.recv(1_000_000)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

SLOW = {
    "never answers": say_nothing,
    "drips its first line": answering([b"H"], 0.1),
    "drips its headers": answering([b"HTTP/1.1 200 OK\r\n", b"X: y\r\nX-"], 0.1),
    "drips its body": answering([HEAD, b"x"], 0.1),
    "drips chunks": answering(
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"], 0.1
    ),
    "drips without an end": answering([b"HTTP/1.1 200 OK\r\n\r\n", b"x"], 0.1),
    "goes on with 100": answering([b"HTTP/1.1 100 Continue\r\n\r\n"], 0.1),
}


@contextmanager
def serving_by(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that answers each connection in its own way; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            # Closing alone does not wake who waits for a connection.
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize("case", SLOW)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_goes_on_after_the_time_whatever_a_server_does(case: str, scheme: str) -> None:
    before = threading.active_count()
    with serving_by(SLOW[case]) as port:
        begin = time.monotonic()
        with pytest.raises(FetchError):
            fetch(f"{scheme}://127.0.0.1:{port}", 1, 1_000_000)
        assert time.monotonic() - begin < 20
        # But the server's own.
        deadline = time.monotonic() + 20
        while threading.active_count() > before + 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert threading.active_count() == before + 1


def test_a_body_that_ends_early_is_no_document() -> None:
    with serving_by(lambda connection: connection.sendall(HEAD + b'{"keys": []}')) as port:
        with pytest.raises(FetchError):
            fetch(f"http://127.0.0.1:{port}", 20, 1_000_000)


def test_a_body_without_a_length_comes_whole() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(100_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nwhole")
        connection.shutdown(socket.SHUT_WR)

    with serving_by(answer) as port:
        assert fetch(f"http://127.0.0.1:{port}", 20, 100) == b"whole"


def test_a_packed_document_is_unpacked(http_server: HttpServer) -> None:
    http_server.headers = {"Content-Encoding": "gzip"}
    http_server.body = gzip.compress(b"x" * 1000)
    assert fetch(http_server.url, 20, 1000) == b"x" * 1000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_packed_document_is_no_way_to_send_a_large_one(
    http_server: HttpServer, encoding: str
) -> None:
    http_server.headers = {"Content-Encoding": encoding}
    http_server.body = gzip.compress(b"x" * 10_000_000)
    with pytest.raises(FetchError):
        fetch(http_server.url, 20, 100_000)
