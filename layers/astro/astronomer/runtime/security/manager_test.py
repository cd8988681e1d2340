"""The manager in Airflow's real webserver application, with a real database."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from astronomer.runtime.security.conftest import COOKIE, SigningKey, platform_application
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture(scope="module")
def app(airflow_database: Path, rsa_key: SigningKey) -> Iterator[Flask]:
    with platform_application(rsa_key) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    made: FlaskClient = app.test_client()
    return made


def bearer(token: str) -> Dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def csrf_token(client: FlaskClient, headers: Dict[str, str]) -> str:
    page = client.get("/pool/list/", headers=headers).get_data(as_text=True)
    page += client.get("/home", headers=headers).get_data(as_text=True)
    found = re.search(r"csrfToken = '([^']+)'", page)
    return found.group(1) if found else ""


VIEWER, EDITOR, ADMIN = "WORKSPACE_VIEWER", "WORKSPACE_EDITOR", "WORKSPACE_ADMIN"

Codes = Tuple[int, int, int]

# Codes for Viewer, Editor and Admin of the Workspace. 404 and 400 are past the door: the DAG is not
# there, or the form is empty.
MATRIX: List[Tuple[str, str, Codes]] = [
    ("GET", "/home", (200, 200, 200)),
    ("GET", "/dagrun/list/", (200, 200, 200)),
    ("GET", "/taskinstance/list/", (200, 200, 200)),
    ("GET", "/log/list/", (200, 200, 200)),
    ("GET", "/connection/list/", (403, 403, 200)),
    ("GET", "/connection/add", (403, 403, 200)),
    ("GET", "/variable/list/", (403, 403, 200)),
    ("GET", "/variable/add", (403, 403, 200)),
    ("GET", "/pool/list/", (403, 403, 200)),
    ("GET", "/xcom/list/", (200, 200, 200)),
    ("GET", "/users/list/", (403, 403, 403)),
    ("GET", "/users/add", (403, 403, 403)),
    ("GET", "/roles/list/", (403, 403, 403)),
    ("GET", "/api/v1/dags", (200, 200, 200)),
    ("GET", "/api/v1/connections", (403, 403, 200)),
    ("GET", "/api/v1/variables", (403, 403, 200)),
    ("GET", "/api/v1/pools", (403, 403, 200)),
    ("GET", "/api/v1/users", (403, 403, 403)),
    ("GET", "/api/v1/roles", (403, 403, 403)),
    ("POST", "/api/v1/dags/nothing/dagRuns", (403, 404, 404)),
    ("PATCH", "/api/v1/dags/nothing", (403, 404, 404)),
    ("POST", "/api/v1/variables", (403, 403, 400)),
    ("DELETE", "/api/v1/connections/nothing", (403, 403, 404)),
    ("POST", "/api/v1/users", (403, 403, 403)),
    ("POST", "/users/add", (403, 403, 403)),
]


@pytest.mark.parametrize("method, path, codes", MATRIX)
def test_roles_open_what_the_platform_grants(
    app: Flask, rsa_key: SigningKey, method: str, path: str, codes: Codes
) -> None:
    answers = []
    for role in (VIEWER, EDITOR, ADMIN):
        client: FlaskClient = app.test_client()
        headers = bearer(rsa_key.token(sub=role.lower(), email=f"{role}@test", roles=[role]))
        if not path.startswith("/api/") and method == "POST":
            headers["X-CSRFToken"] = csrf_token(client, headers)
        json: Optional[Dict[str, Any]] = {} if method != "GET" else None
        answers.append(client.open(path, method=method, headers=headers, json=json).status_code)
    assert tuple(answers) == codes


@pytest.mark.parametrize("path", sorted({path for _, path, _ in MATRIX}) + ["/", "/login/", "/x"])
def test_without_a_token_nothing_is_open(client: FlaskClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.open(path, method=method)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
def test_health_is_open(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/health/", "//health", "/health/../home", "/health?x=1/../home"])
def test_nothing_else_passes_for_health(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401 or b"metadatabase" in answer.data


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer  ", "Basic YWRtaW46YWRtaW4=", "Token {}", "Bearer {},Bearer {}", "{}"],
)
def test_other_credentials_are_refused(
    client: FlaskClient, rsa_key: SigningKey, header: str
) -> None:
    token = rsa_key.token()
    answer = client.get("/home", headers={"Authorization": header.replace("{}", token)})
    assert answer.status_code == 401


def test_a_token_in_the_address_is_refused(client: FlaskClient, rsa_key: SigningKey) -> None:
    assert client.get(f"/home?token={rsa_key.token()}").status_code == 401


def test_the_scheme_may_be_written_in_any_case(client: FlaskClient, rsa_key: SigningKey) -> None:
    headers = {"Authorization": f"bearer {rsa_key.token()}"}
    assert client.get("/home", headers=headers).status_code == 200


def test_the_proxy_s_cookie_will_do_but_not_beside_a_wrong_header(
    client: FlaskClient, rsa_key: SigningKey, strange_key: SigningKey
) -> None:
    client.set_cookie("localhost", COOKIE, rsa_key.token())
    assert client.get("/home").status_code == 200
    assert client.get("/home", headers=bearer(strange_key.token())).status_code == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_cookie_changes_nothing_for_another_site(
    client: FlaskClient, rsa_key: SigningKey, site: str
) -> None:
    client.set_cookie("localhost", COOKIE, rsa_key.token())
    path, headers = "/api/v1/dags/nothing", {"Sec-Fetch-Site": site}
    assert client.patch(path, headers=headers, json={"is_paused": True}).status_code == 401
    assert client.get("/home", headers=headers).status_code == 200
    headers["Sec-Fetch-Site"] = "same-origin"
    assert client.patch(path, headers=headers, json={"is_paused": True}).status_code == 404


def test_a_form_without_its_csrf_token_is_refused(client: FlaskClient, rsa_key: SigningKey) -> None:
    headers = bearer(rsa_key.token(sub="op", email="op@test", roles=[ADMIN]))
    assert client.post("/variable/add", headers=headers, data={"key": "a"}).status_code == 400


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_another_method_in_a_header_is_not_listened_to(
    client: FlaskClient, rsa_key: SigningKey, name: str
) -> None:
    headers = {**bearer(rsa_key.token(sub="op", email="op@test", roles=[ADMIN])), name: "DELETE"}
    for _ in range(2):
        answer = client.get("/api/v1/connections/airflow_db", headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-User": "admin"},
        {"Remote-User": "admin"},
        {"X-Remote-User": "admin"},
        {"Cookie": "REMOTE_USER=admin"},
        {"X-Forwarded-Authorization": "Bearer {}"},
        {"Proxy-Authorization": "Bearer {}"},
        {"X-Forwarded-Prefix": "/health"},
        {"X-Original-Url": "/health"},
    ],
)
def test_other_headers_let_nobody_in(
    client: FlaskClient, rsa_key: SigningKey, headers: Dict[str, str]
) -> None:
    token = rsa_key.token()
    sent = {name: value.replace("{}", token) for name, value in headers.items()}
    assert client.get("/home", headers=sent).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/login/?next=https://evil.test/",
        "/login/?next=//evil.test/",
        "/logout/",
        "/back",
        "/lang/en",
    ],
)
def test_no_way_leads_to_another_host(client: FlaskClient, rsa_key: SigningKey, path: str) -> None:
    headers = {**bearer(rsa_key.token()), "Referer": "https://evil.test/"}
    answer = client.get(path, headers=headers)
    assert "evil.test" not in answer.headers.get("Location", "")


def test_a_request_that_is_refused_writes_one_line_into_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="astronomer.runtime.security.manager"):
        client.get("/home%0aRefused%20GET%20/fake")
    [line] = [each for each in caplog.messages if "there is no token" in each]
    assert "\n" not in line


def test_a_session_is_not_enough_without_a_token(client: FlaskClient, rsa_key: SigningKey) -> None:
    assert client.get("/home", headers=bearer(rsa_key.token())).status_code == 200
    assert client.get("/home").status_code == 401


def test_a_session_of_one_user_is_not_another_user_s(
    client: FlaskClient, rsa_key: SigningKey
) -> None:
    admin = rsa_key.token(sub="admin-1", email="a@test", full_name="Ann A", roles=["Admin"])
    viewer = rsa_key.token(sub="viewer-1", email="v@test", full_name="Vic V", roles=["Viewer"])
    assert client.get("/users/list/", headers=bearer(admin)).status_code == 200
    assert client.get("/users/list/", headers=bearer(viewer)).status_code == 403
    page = client.get("/home", headers=bearer(viewer)).get_data(as_text=True)
    assert "Vic V" in page and "Ann A" not in page


def user(app: Flask, name: str) -> Any:
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    manager.get_session.expire_all()
    return manager.find_user(username=name)


def test_a_user_is_made_and_kept_up_to_date(
    app: Flask, client: FlaskClient, rsa_key: SigningKey
) -> None:
    first = rsa_key.token(sub="grace", email="grace@test", full_name="Grace Hopper")
    assert client.get("/home", headers=bearer(first)).status_code == 200
    made = user(app, "grace")
    assert (made.first_name, made.last_name, made.email) == ("Grace", "Hopper", "grace@test")
    second = rsa_key.token(sub="grace", email="hopper@test", full_name="Rear Admiral Hopper")
    assert client.get("/home", headers=bearer(second)).status_code == 200
    made = user(app, "grace")
    assert (made.first_name, made.last_name) == ("Rear", "Admiral Hopper")
    assert made.email == "hopper@test"


def test_a_revoked_role_is_gone_with_the_next_request(
    client: FlaskClient, rsa_key: SigningKey
) -> None:
    def get(role: str) -> int:
        token = rsa_key.token(sub="alan", email="alan@test", roles=[role])
        return client.get("/variable/list/", headers=bearer(token)).status_code

    assert (get(ADMIN), get(VIEWER), get(ADMIN)) == (200, 403, 200)


def test_a_role_of_the_project_stays(app: Flask, client: FlaskClient, rsa_key: SigningKey) -> None:
    token = rsa_key.token(sub="mary", email="mary@test", roles=[VIEWER])
    client.get("/home", headers=bearer(token))
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        role = manager.add_role("Auditor")
        mary = manager.find_user(username="mary")
        mary.roles = [*mary.roles, role]
        manager.update_user(mary)
    client.get(
        "/home", headers=bearer(rsa_key.token(sub="mary", email="mary@test", roles=[EDITOR]))
    )
    assert {role.name for role in user(app, "mary").roles} == {"Auditor"}
    assert client.get("/roles/list/", headers=bearer(token)).status_code == 403


@pytest.mark.parametrize("roles", [[], ["Nobody"], ["Auditor"], ["admin"]])
def test_a_user_without_a_role_is_not_let_in(
    client: FlaskClient, rsa_key: SigningKey, roles: List[str]
) -> None:
    token = rsa_key.token(sub="nobody", email="nobody@test", roles=roles)
    assert client.get("/home", headers=bearer(token)).status_code == 403


def test_names_that_differ_by_case_are_two_users(
    app: Flask, client: FlaskClient, rsa_key: SigningKey
) -> None:
    for name in ("lise", "LISE"):
        token = rsa_key.token(sub=name, email=f"{name}1@test")
        assert client.get("/home", headers=bearer(token)).status_code == 200
        assert user(app, name).username == name


def test_a_role_of_the_project_does_not_outlive_the_platform_s(
    app: Flask, client: FlaskClient, rsa_key: SigningKey
) -> None:
    def get(roles: List[str]) -> int:
        token = rsa_key.token(sub="rosa", email="rosa@test", roles=roles)
        return client.get("/home", headers=bearer(token)).status_code

    assert get([ADMIN]) == 200
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        rosa = manager.find_user(username="rosa")
        rosa.roles = [*rosa.roles, manager.add_role("Guest")]
        manager.update_user(rosa)
    assert get([]) == 403
    assert {role.name for role in user(app, "rosa").roles} == {"Guest"}


@pytest.mark.parametrize("path", ["/users/api/create", "/users/add"])
def test_nobody_makes_users_here(client: FlaskClient, rsa_key: SigningKey, path: str) -> None:
    headers = bearer(rsa_key.token(sub="root", email="root@test", roles=["Admin"]))
    headers["X-CSRFToken"] = csrf_token(client, headers)
    made = {"username": "mallory", "email": "m@test", "first_name": "M", "last_name": "M"}
    assert client.post(path, headers=headers, data=made).status_code == 403


def test_a_user_s_first_requests_may_come_at_once(app: Flask, rsa_key: SigningKey) -> None:
    headers = bearer(rsa_key.token(sub="twin", email="twin@test"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: app.test_client().get("/home", headers=headers), range(4))
        )
    assert [answer.status_code for answer in answers] == [200] * 4


def test_a_deactivated_user_is_not_let_in_with_a_good_token(
    app: Flask, client: FlaskClient, rsa_key: SigningKey
) -> None:
    token = rsa_key.token(sub="eve", email="eve@test")
    assert client.get("/home", headers=bearer(token)).status_code == 200
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        eve = manager.find_user(username="eve")
        eve.active = False
        manager.update_user(eve)
    for path in ("/home", "/api/v1/dags"):
        assert client.get(path, headers=bearer(token)).status_code == 403


def test_a_known_email_under_another_name_is_no_error(
    client: FlaskClient, rsa_key: SigningKey
) -> None:
    for name in ("old-id", "new-id"):
        token = rsa_key.token(sub=name, email="same@test")
        assert client.get("/home", headers=bearer(token)).status_code == 200


def test_the_audit_log_names_the_platform_s_user(client: FlaskClient, rsa_key: SigningKey) -> None:
    from airflow.models import Log
    from airflow.utils.session import create_session

    token = rsa_key.token(sub="joan", email="joan@test", roles=[EDITOR])
    client.get("/trigger?dag_id=nothing", headers=bearer(token))
    with create_session() as session:
        owners = [entry.owner for entry in session.query(Log).filter(Log.event == "trigger")]
    assert owners == ["joan"]


def test_the_login_page_leads_home(client: FlaskClient, rsa_key: SigningKey) -> None:
    answer = client.get("/login/", headers=bearer(rsa_key.token()))
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(("/", "/home"))


def test_the_api_answers_in_its_own_format(client: FlaskClient) -> None:
    answer = client.get("/api/v1/dags")
    assert answer.mimetype == "application/problem+json"
    assert (answer.get_json() or {}).get("status") == 401
