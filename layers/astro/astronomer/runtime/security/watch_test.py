from __future__ import annotations

from pathlib import Path

import pytest
from astronomer.runtime.security.conftest import AUDIENCE, ISSUER, SigningKey


@pytest.fixture
def platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rsa_key: SigningKey, plugin: None
) -> None:
    cert = tmp_path / "tls.crt"
    cert.write_bytes(rsa_key.public_pem)
    for name, value in {
        "ASTRONOMER__JWT_SIGNING_CERT": str(cert),
        "ASTRONOMER__JWT_ISSUER": ISSUER,
        "ASTRONOMER__JWT_AUDIENCE": AUDIENCE,
        "API__AUTH_BACKEND": "astronomer.runtime.security.api_auth",
        "API__AUTH_BACKENDS": "astronomer.runtime.security.api_auth",
    }.items():
        monkeypatch.setenv(f"AIRFLOW__{name}", value)


def start() -> None:
    from airflow.www.app import create_app

    create_app(testing=True)


@pytest.mark.usefixtures("platform")
def test_a_webserver_with_the_manager_starts() -> None:
    start()


@pytest.mark.usefixtures("platform")
def test_a_webserver_with_another_backend_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTH_BACKEND", "AUTH_BACKENDS"):
        monkeypatch.setenv(f"AIRFLOW__API__{name}", "airflow.api.auth.backend.default")
    with pytest.raises(SystemExit, match="AIRFLOW__API__AUTH_BACKENDS? does not name"):
        start()


@pytest.mark.usefixtures("platform")
def test_a_webserver_without_an_audience_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__ASTRONOMER__JWT_AUDIENCE")
    with pytest.raises(SystemExit, match="AIRFLOW__ASTRONOMER__JWT_AUDIENCE is not set; set it to"):
        start()
