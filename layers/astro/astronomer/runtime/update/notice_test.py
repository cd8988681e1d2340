from __future__ import annotations

import socket
import time
from typing import Callable

# It takes over the root logger, which must not happen in the middle of a test.
import airflow.configuration  # noqa: F401
import pytest
from astronomer.runtime.conftest import HttpServer, port_of
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


def look_in_vain(made: UpdateNotice, caplog: pytest.LogCaptureFixture) -> None:
    """Take the first look and wait until it has been said that it was in vain."""
    assert made.newer_release("") is None
    assert eventually(lambda: "The list of releases" in caplog.text)
    assert made.newer_release("") is None


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
    made = notice(feed.url if interval == 0 else "", interval)
    assert made.newer_release("") is None
    # As long as it takes one that does ask.
    other = notice(f"{feed.url}/other")
    assert eventually(lambda: other.newer_release(""))
    assert [asked.path for asked in feed.asked] == ["/other"]
    assert made.newer_release("") is None


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"x" * (LARGEST + 1)])
def test_garbage_is_no_notice(
    feed: HttpServer, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    feed.body = body
    look_in_vain(notice(feed.url), caplog)


def test_a_server_that_never_answers_holds_nothing_up(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    look_in_vain(notice(f"http://127.0.0.1:{port_of(listener)}/"), caplog)


def test_no_server_at_all_is_no_notice(caplog: pytest.LogCaptureFixture) -> None:
    look_in_vain(notice("http://127.0.0.1:9/"), caplog)


def test_a_wrong_option_turns_the_notice_off_and_is_told(
    feed: HttpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__UPDATE_URL", feed.url)
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__UPDATE_CHECK_INTERVAL", "soon")
    assert UpdateNotice.from_options().newer_release("") is None
    other = notice(f"{feed.url}/other")
    assert eventually(lambda: other.newer_release(""))
    assert [asked.path for asked in feed.asked] == ["/other"]
    assert "UPDATE_CHECK_INTERVAL is 'soon'; set it to a number" in caplog.text
