from __future__ import annotations

import socket
import threading
import time
from typing import Callable

# It takes over the root logger, which must not happen in the middle of a test.
import airflow.configuration  # noqa: F401
import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.update.notice import LARGEST, UpdateNotice

FEED = b'{"runtimeVersions": {"5.0.7": {"metadata": {"channel": "stable"}}}}'


@pytest.fixture
def feed(http_server: HttpServer) -> HttpServer:
    """A server of release lists."""
    http_server.body = FEED
    return http_server


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


def test_a_newer_patch_is_told_once_it_is_known(feed: HttpServer) -> None:
    made = notice(feed.url)
    found = eventually(lambda: made.newer_release(""))
    assert found == {"release": "5.0.7", "cookie": "astronomer_update_dismissed=5.0.7"}
    assert len(feed.asked) == 1


def test_a_dismissed_release_is_not_told_again(feed: HttpServer) -> None:
    made = notice(feed.url)
    assert eventually(lambda: made.newer_release("5.0.6"))
    assert made.newer_release("5.0.7") is None


@pytest.mark.parametrize("interval", [0, 3600])
def test_without_an_address_or_an_interval_nobody_is_asked(
    feed: HttpServer, interval: float
) -> None:
    looked(notice(feed.url if interval == 0 else "", interval))
    assert feed.asked == []


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"x" * (LARGEST + 1)])
def test_garbage_is_no_notice(feed: HttpServer, body: bytes) -> None:
    feed.body = body
    made = notice(feed.url)
    looked(made)
    assert made.newer_release("") is None


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


def test_a_wrong_option_turns_the_notice_off_and_is_told(
    feed: HttpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__UPDATE_URL", feed.url)
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__UPDATE_CHECK_INTERVAL", "soon")
    looked(UpdateNotice.from_options())
    assert feed.asked == []
    assert "UPDATE_CHECK_INTERVAL is 'soon'; set it to a number" in caplog.text
