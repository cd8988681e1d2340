from __future__ import annotations

import base64
import json
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from flask.testing import FlaskClient

USER, PASSWORD = "ada", "only-in-this-test"


@pytest.fixture(scope="module")
def client(plugin: None) -> Iterator[FlaskClient]:
    from airflow.www.app import create_app

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUTH_BACKEND", "AUTH_BACKENDS"):
            patch.setenv(f"AIRFLOW__API__{name}", "airflow.api.auth.backend.basic_auth")
        app = create_app(testing=True)
        manager: Any = app.appbuilder.sm
        with app.app_context():
            manager.add_user(USER, "Ada", "L", "a@test", manager.find_role("Admin"), PASSWORD)
        yield app.test_client()


def send(
    client: FlaskClient, method: str, path: str, body: Any = None, password: str = PASSWORD
) -> int:
    credentials = base64.b64encode(f"{USER}:{password}".encode()).decode()
    headers: Dict[str, str] = {"Authorization": f"Basic {credentials}"}
    return client.open(f"/api/v1/{path}", method=method, json=body, headers=headers).status_code


def notes() -> List[Tuple[str, str, str]]:
    from airflow.models import Log
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.query(Log).filter(Log.extra.like("%/api/v1/%")).order_by(Log.id).all()
        return [(entry.event, entry.owner, entry.extra) for entry in found]


def test_a_change_is_noted_with_its_user_and_without_its_secret(client: FlaskClient) -> None:
    before = len(notes())
    variable = {"key": "password", "value": "hush-hush"}
    assert send(client, "POST", "variables", variable) == 200
    [(event, owner, extra)] = notes()[before:]
    assert (event, owner) == ("post_variables", USER)
    assert json.loads(extra) == {"method": "POST", "path": "/api/v1/variables"}


@pytest.mark.parametrize(
    "method, path, body, password",
    [
        ("GET", "variables", None, PASSWORD),
        ("POST", "variables", {}, PASSWORD),
        ("DELETE", "variables/nothing", None, PASSWORD),
        ("POST", "variables", {"key": "a", "value": "b"}, "wrong"),
    ],
)
def test_what_changes_nothing_is_not_noted(
    client: FlaskClient, method: str, path: str, body: Any, password: str
) -> None:
    before = notes()
    send(client, method, path, body, password)
    assert notes() == before
