from __future__ import annotations

from typing import Dict

import pytest
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security.settings import read

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
        ({"JWT_SIGNING_CERT": "", "HOUSTON_JWK_URL": "file:///etc/passwd"}, "an https address"),
        ({"JWT_VALIDITY_LEEWAY": "soon"}, "JWT_VALIDITY_LEEWAY is 'soon'; set it to a number"),
    ],
)
def test_half_a_configuration_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: Dict[str, str], sentence: str
) -> None:
    configure(monkeypatch, {**GOOD, **change})
    with pytest.raises(ConfigurationError, match=sentence):
        read()
