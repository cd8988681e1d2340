from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, Iterator, List

import pytest
from astronomer.runtime.update.feed import LARGEST
from astronomer.runtime.update.notice import UpdateNotice

FEED = b'{"runtimeVersions": {"5.0.7": {"metadata": {"channel": "stable"}}}}'


class Feed:
    """A server of release lists that counts its visitors."""

    def __init__(self) -> None:
        self.status = 200
        self.body = FEED
        self.headers = {"X-Sample": "1"}
        self.visits: List[str] = []
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.visits.append(self.path)
                self.send_response(feed.status)
                for name, value in feed.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(feed.body)
                except OSError:
                    # The visitor had enough.
                    pass

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/releases"


@pytest.fixture
def feed() -> Iterator[Feed]:
    made = Feed()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def notice(url: str, interval: float = 3600) -> UpdateNotice:
    return UpdateNotice(url, running="5.0.6", interval=interval, timeout=2)


def eventually(condition: Callable[[], object]) -> object:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    return condition()


def looked(made: UpdateNotice) -> None:
    """Take the first look and wait for its end."""
    assert made.newer_release("") is None
    for thread in threading.enumerate():
        if thread.name == "astronomer-update":
            thread.join(10)


def test_a_newer_patch_is_told_once_it_is_known(feed: Feed) -> None:
    made = notice(feed.url)
    found = eventually(lambda: made.newer_release(""))
    assert found == {"release": "5.0.7", "cookie": "astronomer_update_dismissed=5.0.7"}
    assert len(feed.visits) == 1


def test_a_dismissed_release_is_not_told_again(feed: Feed) -> None:
    made = notice(feed.url)
    assert eventually(lambda: made.newer_release("5.0.6"))
    assert made.newer_release("5.0.7") is None


@pytest.mark.parametrize("interval", [0, 3600])
def test_without_an_address_or_an_interval_nobody_is_asked(feed: Feed, interval: float) -> None:
    looked(notice(feed.url if interval == 0 else "", interval))
    assert feed.visits == []


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"x" * (LARGEST + 1)])
def test_garbage_is_no_notice(feed: Feed, body: bytes) -> None:
    feed.body = body
    made = notice(feed.url)
    looked(made)
    assert made.newer_release("") is None


def test_a_redirection_is_not_followed(feed: Feed) -> None:
    feed.status, feed.headers = 302, {"Location": feed.url + "/elsewhere"}
    made = notice(feed.url)
    looked(made)
    assert made.newer_release("") is None
    assert feed.visits == ["/releases"]


def test_a_server_that_never_answers_holds_nothing_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        made = notice(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        looked(made)
        assert made.newer_release("") is None


def test_no_server_at_all_is_no_notice() -> None:
    made = notice("http://127.0.0.1:9/")
    looked(made)
    assert made.newer_release("") is None
