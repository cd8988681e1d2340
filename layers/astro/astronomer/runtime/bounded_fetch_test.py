from __future__ import annotations

import socket
import threading

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


def test_a_server_that_drips_is_given_up() -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not done.wait(0.1):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            with pytest.raises(FetchError, match="took longer than 1 s"):
                # Each byte comes in time, all of them would take hours.
                fetch(f"http://127.0.0.1:{server.getsockname()[1]}", 1, 1_000_000)
        finally:
            done.set()
            thread.join(10)
