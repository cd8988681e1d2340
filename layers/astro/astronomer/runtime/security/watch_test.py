from __future__ import annotations

import re
from pathlib import Path
from typing import Tuple

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


def refusal(capsys: pytest.CaptureFixture[str]) -> Tuple[object, str]:
    """The exit code of a webserver that does not start, and what it says."""
    with pytest.raises(SystemExit) as ended:
        start()
    lines = capsys.readouterr().err.splitlines()
    [sentence] = [line for line in lines if line.startswith("astronomer-runtime: ")]
    return ended.value.code, sentence


@pytest.mark.usefixtures("platform")
def test_a_webserver_with_another_backend_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AUTH_BACKEND", "AUTH_BACKENDS"):
        monkeypatch.setenv(f"AIRFLOW__API__{name}", "airflow.api.auth.backend.default")
    code, sentence = refusal(capsys)
    assert code == 78
    assert re.search("AIRFLOW__API__AUTH_BACKENDS? does not name", sentence)


@pytest.mark.usefixtures("platform")
def test_a_webserver_without_an_audience_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AIRFLOW__ASTRONOMER__JWT_AUDIENCE")
    code, sentence = refusal(capsys)
    assert code == 78
    assert "AIRFLOW__ASTRONOMER__JWT_AUDIENCE is not set; set it to" in sentence


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize("form", ["_CMD", "_SECRET"])
def test_a_key_in_a_form_that_airflow_does_not_read_is_no_open_door(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    name = "AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT"
    monkeypatch.setenv(name + form, "cat /tls.crt")
    monkeypatch.delenv(name)
    assert refusal(capsys) == (
        78,
        f"astronomer-runtime: {name}{form} is set, and Airflow reads only its own secrets by a"
        f" {form}; set {name} instead.",
    )


@pytest.mark.usefixtures("platform")
def test_a_key_in_the_file_counts_where_the_variable_is_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from airflow.configuration import conf

    monkeypatch.setenv("AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT", "")
    conf.read_dict({"astronomer": {"jwt_signing_cert": "/no/such/file"}})
    try:
        code, sentence = refusal(capsys)
    finally:
        conf.remove_section("astronomer")
    assert code == 78
    assert "is '/no/such/file', which cannot be used: No such file or directory" in sentence
