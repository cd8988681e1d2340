from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from astronomer.runtime.conftest import HttpServer, port_of
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security.conftest import SigningKey, key_set
from astronomer.runtime.security.errors import NoKeyError
from astronomer.runtime.security.key_sources import (
    FRESH_SECONDS,
    LARGEST_KEY_SET,
    LARGEST_PEM,
    RETRY_SECONDS,
    JwksUrl,
    PemFile,
)
from astronomer.runtime.security.public_keys import PublicKey, key_from_pem
from cryptography.hazmat.primitives.asymmetric import ec

STALE = 900.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def same(keys: List[PublicKey], other: SigningKey) -> bool:
    expected: Any = key_from_pem(other.public_pem)
    return [key.public_numbers() for key in keys] == [expected.public_numbers()]


def test_a_replaced_file_is_read_again(
    tmp_path: Path, clock: Clock, rsa_key: SigningKey, ec_key: SigningKey
) -> None:
    path = tmp_path / "tls.crt"
    path.write_bytes(rsa_key.public_pem)
    source = PemFile(str(path), STALE, clock)
    assert same(source.find(None), rsa_key)
    path.write_bytes(ec_key.public_pem)
    assert same(source.find("any"), ec_key)


def test_the_last_good_key_serves_for_a_bounded_time(
    tmp_path: Path, clock: Clock, rsa_key: SigningKey
) -> None:
    path = tmp_path / "tls.crt"
    path.write_bytes(rsa_key.public_pem)
    source = PemFile(str(path), STALE, clock)
    path.write_text("half written")
    clock.now += STALE - 1
    assert same(source.find(None), rsa_key)
    clock.now += 2
    with pytest.raises(NoKeyError):
        source.find(None)


def test_a_process_that_starts_while_the_file_is_bad_has_the_last_good_key(
    tmp_path: Path, clock: Clock, rsa_key: SigningKey
) -> None:
    path = tmp_path / "tls.crt"
    path.write_bytes(rsa_key.public_pem)
    PemFile(str(path), STALE, clock)
    path.unlink()
    clock.now += STALE - 100
    assert same(PemFile(str(path), STALE, clock).find(None), rsa_key)
    clock.now += 101
    with pytest.raises(NoKeyError):
        PemFile(str(path), STALE, clock).find(None)
    # A container that starts anew has no users to answer.
    with pytest.raises(ConfigurationError):
        PemFile(str(path), STALE, clock, is_first=True)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


WRONG_FILES = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "nonsense": lambda path: path.write_bytes(b"nonsense"),
    "cut": lambda path: path.write_bytes(SigningKey("cut").public_pem[:200]),
    "private": lambda path: path.write_bytes(SigningKey("private").private_pem),
    "weak": lambda path: path.write_bytes(SigningKey("weak", bits=1024).public_pem),
    "another curve": lambda path: path.write_bytes(
        SigningKey("curve", "ES384", ec.SECP384R1()).public_pem
    ),
    "large": lambda path: path.write_bytes(b" " * (LARGEST_PEM + 1)),
    "a folder": lambda path: path.mkdir(),
    "a pipe": make_pipe,
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_file_without_a_good_public_key_is_a_wrong_option(tmp_path: Path, case: str) -> None:
    path = tmp_path / "tls.crt"
    WRONG_FILES[case](path)
    with pytest.raises(ConfigurationError, match="AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT is") as got:
        PemFile(str(path), STALE)
    assert "\n" not in str(got.value)


@pytest.fixture
def source(http_server: HttpServer, clock: Clock, rsa_key: SigningKey) -> JwksUrl:
    http_server.body = key_set(rsa_key)
    made = JwksUrl(http_server.url, 5, STALE, clock)
    made.refresh()
    return made


def another_process(source: JwksUrl) -> JwksUrl:
    """What another worker has, or one that is started later."""
    return JwksUrl(source.url, 5, STALE, source.clock)


def test_a_key_set_is_asked_for_once_and_again_when_it_is_old(
    source: JwksUrl, http_server: HttpServer, clock: Clock, rsa_key: SigningKey
) -> None:
    for _ in range(3):
        assert same(source.find("rsa-1"), rsa_key)
        source.refresh()
    assert len(http_server.asked) == 1
    clock.now += FRESH_SECONDS + 1
    source.refresh()
    assert len(http_server.asked) == 2


def test_all_processes_ask_as_often_as_one(
    source: JwksUrl, http_server: HttpServer, clock: Clock, rsa_key: SigningKey
) -> None:
    others = [another_process(source) for _ in range(4)]
    for _ in range(3):
        clock.now += FRESH_SECONDS + 1
        for other in others:
            other.refresh(is_wanted=True)
            assert same(other.find("rsa-1"), rsa_key)
    assert len(http_server.asked) == 4


def test_a_new_key_is_known_to_all_as_soon_as_to_one(
    source: JwksUrl, http_server: HttpServer, clock: Clock, rsa_key: SigningKey, ec_key: SigningKey
) -> None:
    other = another_process(source)
    http_server.body = key_set(rsa_key, ec_key)
    with pytest.raises(NoKeyError):
        other.find("ec-1")
    clock.now += RETRY_SECONDS + 1
    source.refresh(is_wanted=True)
    assert same(other.find("ec-1"), ec_key)
    assert len(http_server.asked) == 2


def test_made_up_key_ids_do_not_become_a_flood(
    source: JwksUrl, http_server: HttpServer, clock: Clock
) -> None:
    processes = [source, another_process(source)]
    start = clock.now
    while clock.now < start + 10 * RETRY_SECONDS:
        for process in processes:
            with pytest.raises(NoKeyError):
                process.find(f"made-up-{clock.now}")
            process.refresh(is_wanted=True)
        clock.now += 1
    assert len(http_server.asked) <= 11


def test_a_key_that_is_taken_away_is_no_longer_used_by_any_process(
    source: JwksUrl, http_server: HttpServer, clock: Clock, ec_key: SigningKey
) -> None:
    other = another_process(source)
    assert other.find("rsa-1")
    http_server.body = key_set(ec_key)
    clock.now += FRESH_SECONDS + 1
    source.refresh()
    for process in (source, other):
        with pytest.raises(NoKeyError):
            process.find("rsa-1")


OUTAGES = [
    (500, b""),
    (302, b""),
    (200, b"<html>"),
    (200, b"{}"),
    (200, b'{"keys": []}'),
    (200, b"[" * 100_000),
    (200, b"\xff\xfe"),
    (200, b" " * (LARGEST_KEY_SET + 1)),
]


@pytest.mark.parametrize("status, body", OUTAGES)
def test_in_an_outage_old_keys_serve_from_their_last_day_on_for_the_promised_time(
    source: JwksUrl,
    http_server: HttpServer,
    clock: Clock,
    rsa_key: SigningKey,
    status: int,
    body: bytes,
) -> None:
    http_server.status, http_server.body = status, body
    begin = clock.now
    while clock.now + 100 < begin + STALE:
        clock.now += 100
        # Also in a process that was started in the outage.
        for process in (source, another_process(source)):
            process.refresh()
            assert same(process.find("rsa-1"), rsa_key)
    clock.now = begin + STALE + 1
    for process in (source, another_process(source)):
        with pytest.raises(NoKeyError, match="cannot be had"):
            process.find("rsa-1")


def test_a_token_that_names_no_key_has_the_keys_there_are(
    source: JwksUrl, rsa_key: SigningKey
) -> None:
    for kid in (None, ""):
        assert same(source.find(kid), rsa_key)


def threads() -> List[str]:
    return [each.name for each in threading.enumerate() if each.name == "astronomer-key-set"]


@pytest.fixture
def started(http_server: HttpServer, rsa_key: SigningKey) -> Iterator[JwksUrl]:
    """A source that keeps itself up to date."""
    http_server.body = key_set(rsa_key)
    made = JwksUrl(http_server.url, 5, STALE)
    made.start()
    yield made
    made.stop()


def test_a_source_that_is_started_has_keys_before_the_first_request(
    started: JwksUrl, rsa_key: SigningKey
) -> None:
    assert same(started.find("rsa-1"), rsa_key)
    assert len(threads()) == 1


def test_a_source_that_is_stopped_leaves_no_thread(started: JwksUrl) -> None:
    started.stop()
    deadline = time.monotonic() + 30
    while threads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not threads()


def test_no_request_waits_for_a_server_that_does_not_answer(listener: socket.socket) -> None:
    source = JwksUrl(f"http://127.0.0.1:{port_of(listener)}", 20, STALE)
    source._running_refresher()
    # The question has come, and is not answered.
    with listener.accept()[0]:
        begin = time.monotonic()
        for number in range(100):
            with pytest.raises(NoKeyError):
                source.find(f"made-up-{number}")
        assert time.monotonic() - begin < 10
        assert len(threads()) == 1
    source.stop()


def test_a_start_waits_for_a_server_that_does_not_answer_no_longer_than_it_may(
    listener: socket.socket,
) -> None:
    source = JwksUrl(f"http://127.0.0.1:{port_of(listener)}", 0.5, STALE)
    begin = time.monotonic()
    source.start()
    assert time.monotonic() - begin < 20
    with pytest.raises(NoKeyError, match="cannot be had"):
        source.find("rsa-1")
    source.stop()


def test_a_forked_process_keeps_its_keys_up_to_date_by_itself(
    started: JwksUrl, rsa_key: SigningKey
) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if same(started.find("rsa-1"), rsa_key) and len(threads()) == 1 else 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
