from __future__ import annotations

import pytest
from astronomer.runtime import plugin

KEYS = ["JWT_SIGNING_CERT", "HOUSTON_JWK_URL", "JWT_SIGNING_CERT_CMD", "HOUSTON_JWK_URL_SECRET"]


@pytest.fixture
def of_airflow_3(monkeypatch: pytest.MonkeyPatch) -> plugin.AstronomerPlugin:
    """The plugin as Airflow 3 has it."""
    monkeypatch.setattr(plugin, "airflow_version", lambda: (3, 3, 2))
    return plugin.AstronomerPlugin()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("software, code", [("", 78), ("gunicorn/23.0.0", 3)])
def test_a_server_of_airflow_3_ends_where_the_platform_has_a_key(
    of_airflow_3: plugin.AstronomerPlugin,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str,
    software: str,
    code: int,
) -> None:
    monkeypatch.setenv(f"AIRFLOW__ASTRONOMER__{key}", "x")
    monkeypatch.setenv("SERVER_SOFTWARE", software)

    with pytest.raises(SystemExit) as ended:
        of_airflow_3.fastapi_apps

    assert ended.value.code == code
    assert f"AIRFLOW__ASTRONOMER__{key} is set, and this image" in capsys.readouterr().err
