from __future__ import annotations

from typing import Dict

import pytest
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security.settings import read

NO_NUMBERS = ["soon", "-1", "nan", "inf", "1e30", "1,5", "10s", "0x10"]

GOOD = {"JWT_SIGNING_CERT": "/tls.crt", "JWT_ISSUER": "a", "JWT_AUDIENCE": "b"}


def configure(monkeypatch: pytest.MonkeyPatch, values: Dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"AIRFLOW__ASTRONOMER__{name}", value)


def test_what_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, GOOD)
    assert read().leeway == 60
    assert read().cookie == ""


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"JWT_ISSUER": ""}, "AIRFLOW__ASTRONOMER__JWT_ISSUER is not set"),
        ({"JWT_AUDIENCE": " "}, "AIRFLOW__ASTRONOMER__JWT_AUDIENCE is not set"),
        ({"HOUSTON_JWK_URL": "https://a/"}, "are both set"),
        ({"JWT_SIGNING_CERT": " "}, "neither .*JWT_SIGNING_CERT nor .*HOUSTON_JWK_URL is set"),
        ({"JWT_SIGNING_CERT": "-----BEGIN PRIVATE KEY-----\nMIIE"}, "holds a PEM itself"),
        *(({"JWT_VALIDITY_LEEWAY": value}, "set it to a number from 0 to") for value in NO_NUMBERS),
        *(({"HOUSTON_URL_TIMEOUT": value}, "set it to a number from 0.1") for value in NO_NUMBERS),
        *(({"JWT_STALE_KEYS": value}, "set it to a number from 0 to") for value in NO_NUMBERS),
        ({"HOUSTON_URL_TIMEOUT": "0"}, "HOUSTON_URL_TIMEOUT is '0'; set it to a number from 0.1"),
        ({"JWT_COOKIE": "a b"}, "JWT_COOKIE is 'a b'; set it to the name of a cookie"),
        ({"JWT_SIGNING_CERT": "", "HOUSTON_JWK_URL_CMD": "x"}, "HOUSTON_JWK_URL_CMD is set"),
        ({"JWT_SIGNING_CERT": "", "JWT_SIGNING_CERT_SECRET": "x"}, "CERT_SECRET is set"),
    ],
)
def test_half_a_configuration_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: Dict[str, str], sentence: str
) -> None:
    configure(monkeypatch, {**GOOD, **change})
    with pytest.raises(ConfigurationError, match=sentence):
        read()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://platform.test/jwks",
        "platform.test/jwks",
        "https://",
        "https:///jwks",
        "https://platform.test:port/jwks",
        "https://platform.test:99999/jwks",
        "https://platform.test:0/jwks",
        "https://[::1/jwks",
        "https://platform.test/a b",
        "https://hunter2@:443",
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    configure(monkeypatch, {**GOOD, "JWT_SIGNING_CERT": "", "HOUSTON_JWK_URL": url})
    with pytest.raises(ConfigurationError, match="HOUSTON_JWK_URL is not a web address") as refused:
        read()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "https://[::1]:443/jwks?a=b", "HTTPS://u:p@platform.test/"]
)
def test_an_address_may_have_all_its_parts(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    configure(monkeypatch, {**GOOD, "JWT_SIGNING_CERT": "", "HOUSTON_JWK_URL": url})
    assert read().jwk_url == url
