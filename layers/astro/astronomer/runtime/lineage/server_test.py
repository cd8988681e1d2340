from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any, Callable, List

import pytest
from astronomer.runtime.conftest import HttpServer, serving
from astronomer.runtime.lineage import sender, server
from astronomer.runtime.lineage.sender import send_all
from astronomer.runtime.lineage.server import Post, Verdict, poster, understand
from astronomer.runtime.lineage.spool import Spool


class Ended(Exception):
    """The test has seen enough."""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """With two events."""
    made = Spool(tmp_path / "spool")
    assert made.put(b'{"n": 1}') and made.put(b'{"n": 2}')
    return made


@pytest.fixture
def sink(http_server: HttpServer) -> HttpServer:
    http_server.status = 201
    return http_server


def taken(sink: HttpServer) -> List[Any]:
    return [json.loads(asked.body)["n"] for asked in sink.asked if asked.answered == 201]


def send(spool: Spool, post: Post, meanwhile: Callable[[], None] = lambda: None) -> List[float]:
    """Send until nothing waits; returns the pauses that were made, without making them.

    Args:
        spool: With events.
        post: Sends one.
        meanwhile: Done at each pause.
    """
    pauses: List[float] = []

    def sleep(seconds: float) -> None:
        if not spool.waiting() or len(pauses) > 10:
            raise Ended
        pauses.append(seconds)
        meanwhile()

    with pytest.raises(Ended):
        send_all(spool, post, sleep)
    return pauses


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410, 429, 500, 502, 503, 504]
)
def test_what_a_server_does_not_take_is_kept_and_said_and_tried_again(
    spool: Spool, sink: HttpServer, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    with serving() as other:
        sink.status, sink.headers = status, {"Location": other.url}

        def meanwhile() -> None:
            assert len(spool.waiting()) == 2
            assert str(status) in (spool.problem() or "")
            sink.status = 201

        post = poster({"OPENLINEAGE_URL": sink.url, "OPENLINEAGE_API_KEY": "k"})
        assert len(send(spool, post, meanwhile)) == 1
        assert other.asked == []
    assert taken(sink) == [1, 2]
    assert spool.problem() is None
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and f"it answers {status}" in said[0]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_an_event_that_is_refused_is_given_up_with_a_line(
    spool: Spool, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    def post(event: bytes) -> server.Answer:
        return understand(status if b"1" in event else 201)

    assert send(spool, post) == []
    [line] = capsys.readouterr().err.splitlines()
    assert "is given up" in line and str(status) in line


def test_an_event_that_a_server_always_fails_at_holds_nothing_else_up(spool: Spool) -> None:
    sent = []

    def post(event: bytes) -> server.Answer:
        sent.append(event)
        return understand(500 if b"1" in event else 201)

    send(spool, post)
    assert b'{"n": 2}' in sent and len(spool.waiting()) == 1
    # It is asked for less and less often.
    assert len(sent) < 15


@pytest.mark.parametrize(
    "asked, least, most",
    [
        ("7", 7, 7),
        ("999999", 600, 600),
        (formatdate(time.time() + 300, usegmt=True), 200, 301),
        ("soon", 0, 1),
        ("-5", 0, 1),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks(
    spool: Spool, sink: HttpServer, asked: str, least: float, most: float
) -> None:
    sink.status, sink.headers = 429, {"Retry-After": asked}

    def meanwhile() -> None:
        sink.status = 201

    [pause] = send(spool, poster({"OPENLINEAGE_URL": sink.url}), meanwhile)
    assert least <= pause <= most


def test_pauses_grow_to_half_a_minute(spool: Spool) -> None:
    pauses = send(spool, poster({"OPENLINEAGE_URL": "http://127.0.0.1:9"}))
    assert pauses[0] < 1 and pauses == sorted(pauses) and pauses[-1] == 30
    assert "it cannot be reached" in (spool.problem() or "")


def test_what_could_not_be_sent_for_a_day_is_given_up_with_a_line(
    spool: Spool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "OLDEST_SECONDS", 0.0)
    assert send(spool, poster({"OPENLINEAGE_URL": "http://127.0.0.1:9"})) == []
    assert capsys.readouterr().err.count("is given up") == 2


@pytest.mark.parametrize(
    "url", ["marquez:5000", "ftp://marquez", "http://[", "http://\u0100.\udcff", "x"]
)
def test_an_address_that_is_none_is_said(spool: Spool, url: str) -> None:
    answer = poster({"OPENLINEAGE_URL": url, "OPENLINEAGE_API_KEY": "\u0100"})(b"{}")
    assert answer.verdict is Verdict.NOT_NOW
    assert "it cannot be reached" in answer.reason


def test_a_user_in_the_address_is_sent(sink: HttpServer) -> None:
    url = sink.url.replace("://", "://user:secret@")
    assert poster({"OPENLINEAGE_URL": url})(b'{"n": 1}').verdict is Verdict.TAKEN
    assert sink.asked[0].headers["Authorization"].startswith("Basic ")


def test_an_answer_that_drips_is_not_waited_for(
    dripping_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 1.0)
    answer = poster({"OPENLINEAGE_URL": f"http://127.0.0.1:{dripping_port}"})(b"{}")
    assert answer.verdict is Verdict.NOT_NOW
