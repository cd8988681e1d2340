"""What browsers do beside asking for pages: cookies, forms, questions for pages of other hosts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from astronomer.runtime.security.conftest import SigningKey, platform_application
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text


@pytest.fixture(scope="module")
def app(airflow_database: Path, rsa_key: SigningKey) -> Iterator[Flask]:
    # Airflow's default, which would keep sessions in its table.
    with platform_application(rsa_key, {"WEBSERVER__SESSION_BACKEND": "database"}) as made:
        yield made


@pytest.fixture
def headers(rsa_key: SigningKey) -> Dict[str, str]:
    return bearer(rsa_key, "op")


def bearer(key: SigningKey, name: str) -> Dict[str, str]:
    token = key.token(sub=name, email=f"{name}@test", roles=["Op"])
    return {"Authorization": f"Bearer {token}"}


def sessions() -> int:
    """Rows in Airflow's table of sessions."""
    from airflow import settings

    with settings.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM session")).scalar())


PAGES = ["/home", "/pool/list/", "/variable/add", "/users/userinfo/", "/logout/", "/login/"]
NO_PAGES = ["/static/pin_32.png", "/api/v1/dags", "/health", "/api/v1/health", "/robots.txt"]


@pytest.mark.parametrize("path", PAGES + NO_PAGES)
def test_no_request_leaves_a_session_in_the_database(
    app: Flask, headers: Dict[str, str], path: str
) -> None:
    before = sessions()
    for client in (app.test_client(use_cookies=False), app.test_client()):
        for sent in ({}, headers, headers):
            client.get(path, headers=sent)
    assert sessions() == before


@pytest.mark.parametrize("path", NO_PAGES)
def test_what_is_no_page_sets_no_cookie(app: Flask, headers: Dict[str, str], path: str) -> None:
    assert "Set-Cookie" not in app.test_client().get(path, headers=headers).headers


def form(client: FlaskClient, headers: Dict[str, str], key: str) -> Dict[str, str]:
    """What a browser sends when its user fills the form of a new variable."""
    page = client.get("/variable/add", headers=headers).get_data(as_text=True)
    found = re.search(r"csrf_token.*?value=\"([^\"]+)\"|csrfToken = '([^']+)'", page)
    assert found
    return {"key": key, "val": "1", "csrf_token": found.group(1) or found.group(2)}


def variables() -> List[str]:
    from airflow import settings

    with settings.engine.connect() as connection:
        return [key for key, in connection.execute(text("SELECT key FROM variable"))]


def test_a_browser_s_form_is_taken_and_its_message_shown_once(
    app: Flask, headers: Dict[str, str], request: pytest.FixtureRequest
) -> None:
    client, key = app.test_client(), request.node.name
    sent = form(client, headers, key)
    answer = client.post("/variable/add", headers=headers, data=sent)
    assert (answer.status_code, key in variables()) == (302, True)
    pages = [
        client.get("/variable/list/", headers=headers).get_data(as_text=True) for _ in range(2)
    ]
    assert ["Added Row" in page for page in pages] == [True, False]


@pytest.mark.parametrize("who", ["another user", "nobody"])
def test_a_form_of_another_s_browser_is_refused(
    app: Flask, rsa_key: SigningKey, headers: Dict[str, str], who: str
) -> None:
    client = app.test_client()
    sent = form(client, headers, "stolen")
    if who == "another user":
        answer = client.post("/variable/add", headers=bearer(rsa_key, "mallory"), data=sent)
        assert answer.status_code == 400
    else:
        assert app.test_client().post("/variable/add", data=sent).status_code == 401
    assert app.test_client().post("/variable/add", headers=headers, data=sent).status_code == 400
    assert "stolen" not in variables()


def test_a_cookie_of_one_s_own_making_is_no_session(app: Flask, headers: Dict[str, str]) -> None:
    client: Any = app.test_client()
    client.set_cookie("localhost", "session", "eyJfdXNlcl9pZCI6IjEifQ.YdbaAA.forged")
    assert client.get("/home").status_code == 401
    assert client.get("/home", headers=headers).status_code == 200


ORIGIN = "https://pages.test"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}


@pytest.fixture
def cors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ORIGINS": ORIGIN, "METHODS": "GET", "HEADERS": "authorization"}.items():
        monkeypatch.setenv(f"AIRFLOW__API__ACCESS_CONTROL_ALLOW_{name}", value)
    # Airflow 2.2 names one.
    monkeypatch.setenv("AIRFLOW__API__ACCESS_CONTROL_ALLOW_ORIGIN", ORIGIN)


@pytest.mark.parametrize("path", ["/api/v1/dags", "/api/v1/connections/nothing"])
def test_a_preflight_is_answered_as_airflow_does(app: Flask, cors: None, path: str) -> None:
    answer = app.test_client().options(path, headers=PREFLIGHT)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    assert "GET" in answer.headers["Allow"]
    assert "Set-Cookie" not in answer.headers


def test_a_page_of_another_host_can_read_why_it_is_refused(
    app: Flask, cors: None, headers: Dict[str, str]
) -> None:
    client, origin = app.test_client(), {"Origin": ORIGIN}
    for sent, code in ((origin, 401), ({**headers, **origin}, 200)):
        answer = client.get("/api/v1/dags", headers=sent)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (code, ORIGIN)


@pytest.mark.parametrize(
    "path", ["/home", "/variable/list/", "/static/pin_32.png", "/api/v1/no", "/no"]
)
def test_nothing_else_is_told_without_a_token(app: Flask, cors: None, path: str) -> None:
    for sent in ({}, PREFLIGHT):
        answer = app.test_client().options(path, headers=sent)
        assert answer.status_code == 401
        assert "Allow" not in answer.headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/home", "/api/v1/connections"])
def test_a_method_that_no_route_has_leads_nowhere(
    app: Flask, rsa_key: SigningKey, path: str, method: str
) -> None:
    token = rsa_key.token(sub="viewer", email="viewer@test", roles=["Viewer"])
    client = app.test_client()
    assert client.open(path, method=method).status_code == 401
    # Airflow says 404 for pages.
    sent = {"Authorization": f"Bearer {token}"}
    assert client.open(path, method=method, headers=sent).status_code in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/connections",
        "/api/v1//connections",
        "/api/v1/connections/",
        "/api/v1/./connections",
        "/api/v1/%63onnections",
        "/api/v1/health/../connections",
        "/health/../api/v1/connections",
        "/health%2f..%2fapi%2fv1%2fconnections",
        "/api/v1/health;/../connections",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_another_spelling_of_a_path_opens_nothing(
    app: Flask, rsa_key: SigningKey, method: str, path: str
) -> None:
    token = rsa_key.token(sub="viewer", email="viewer@test", roles=["Viewer"])
    for sent in ({}, {"Authorization": f"Bearer {token}"}):
        answer = app.test_client().open(path, method=method, headers=sent)
        assert answer.status_code in (308, 401, 403, 404) or method == "OPTIONS"
        assert b"airflow_db" not in answer.data
