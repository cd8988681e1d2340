from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security.conftest import SigningKey, key_set
from astronomer.runtime.security.errors import NoKeyError
from astronomer.runtime.security.key_sources import (
    FRESH_SECONDS,
    LARGEST_KEY_SET,
    RETRY_SECONDS,
    JwksUrl,
    PemFile,
)
from astronomer.runtime.security.public_keys import PublicKey, key_from_pem

STALE = 600.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def same(key: PublicKey, other: SigningKey) -> bool:
    expected: Any = key_from_pem(other.public_pem)
    return bool(key.public_numbers() == expected.public_numbers())


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


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"private"])
def test_a_file_without_a_public_key_is_a_wrong_option(
    tmp_path: Path, rsa_key: SigningKey, content: "bytes | None"
) -> None:
    path = tmp_path / "tls.crt"
    if content is not None:
        path.write_bytes(rsa_key.private_pem if content == b"private" else content)
    with pytest.raises(ConfigurationError, match="AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT is"):
        PemFile(str(path), STALE)


@pytest.fixture
def source(http_server: HttpServer, clock: Clock, rsa_key: SigningKey) -> JwksUrl:
    http_server.body = key_set(rsa_key)
    return JwksUrl(http_server.url, 5, STALE, clock)


def test_a_key_set_is_asked_for_once(
    source: JwksUrl, http_server: HttpServer, rsa_key: SigningKey
) -> None:
    for _ in range(3):
        assert same(source.find("rsa-1"), rsa_key)
    assert len(http_server.asked) == 1


def test_a_new_key_id_is_looked_for_but_not_at_any_rate(
    source: JwksUrl, http_server: HttpServer, clock: Clock, rsa_key: SigningKey, ec_key: SigningKey
) -> None:
    source.find("rsa-1")
    http_server.body = key_set(rsa_key, ec_key)
    with pytest.raises(NoKeyError):
        source.find("ec-1")
    clock.now += RETRY_SECONDS + 1
    assert same(source.find("ec-1"), ec_key)
    for name in "abcdef":
        with pytest.raises(NoKeyError):
            source.find(name)
    assert len(http_server.asked) == 2


def test_a_key_that_is_taken_away_is_no_longer_used(
    source: JwksUrl, http_server: HttpServer, clock: Clock, ec_key: SigningKey
) -> None:
    source.find("rsa-1")
    http_server.body = key_set(ec_key)
    clock.now += FRESH_SECONDS + 1
    with pytest.raises(NoKeyError):
        source.find("rsa-1")


@pytest.mark.parametrize(
    "status, body",
    [(500, b""), (200, b"<html>"), (200, b"{}"), (200, b" " * (LARGEST_KEY_SET + 1))],
)
def test_in_an_outage_old_keys_serve_for_a_bounded_time(
    source: JwksUrl,
    http_server: HttpServer,
    clock: Clock,
    rsa_key: SigningKey,
    status: int,
    body: bytes,
) -> None:
    source.find("rsa-1")
    http_server.status, http_server.body = status, body
    clock.now += FRESH_SECONDS + STALE - 1
    assert same(source.find("rsa-1"), rsa_key)
    clock.now += 2
    with pytest.raises(NoKeyError):
        source.find("rsa-1")


def test_a_token_without_a_key_id_is_not_guessed_at(source: JwksUrl) -> None:
    for kid in (None, ""):
        with pytest.raises(NoKeyError):
            source.find(kid)
