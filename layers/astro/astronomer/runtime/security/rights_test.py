"""A request is judged by its token alone, whatever the database holds of its user, and whatever
becomes of what is written there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from astronomer.runtime.security.conftest import SigningKey, platform_application
from flask import Flask
from sqlalchemy import event, text

ONLY_OP = "/api/v1/connections"
EVERY_ROLE = "/api/v1/dags"


@pytest.fixture(scope="module")
def app(airflow_database: Path, rsa_key: SigningKey) -> Iterator[Flask]:
    with platform_application(rsa_key) as made:
        yield made


class Visitors:
    """Asks in the name of users, each time with a token of its own and without cookies."""

    def __init__(self, app: Flask, key: SigningKey) -> None:
        self._app = app
        self._key = key

    def get(self, name: str, role: str, path: str = ONLY_OP, **claims: Any) -> int:
        about: Dict[str, Any] = {"sub": name, "email": f"{name}@test", "roles": [role], **claims}
        token = self._key.token(**about)
        headers = {"Authorization": f"Bearer {token}"}
        return self._app.test_client().get(path, headers=headers).status_code


@pytest.fixture
def visitors(app: Flask, rsa_key: SigningKey) -> Visitors:
    return Visitors(app, rsa_key)


def stored(name: str) -> Dict[str, Any]:
    """What the database keeps of a user."""
    from airflow import settings

    with settings.engine.connect() as connection:
        columns = "id, first_name, last_name, email, active"
        query = text(f"SELECT {columns} FROM ab_user WHERE username = :name")
        [row] = connection.execute(query, name=name).fetchall()
        roles = text(
            "SELECT ab_role.name FROM ab_role JOIN ab_user_role ON ab_role.id = role_id"
            " WHERE user_id = :id"
        )
        found = sorted(name for name, in connection.execute(roles, id=row[0]))
    return {"name": f"{row[1]} {row[2]}", "email": row[3], "active": row[4], "roles": found}


def give(app: Flask, name: str, *roles: str) -> None:
    """Store roles of a user, in place of those that are stored."""
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        user = manager.find_user(username=name)
        user.roles = [manager.add_role(role) for role in roles]
        manager.update_user(user)


@contextmanager
def writes() -> Iterator[List[str]]:
    """The statements of the block that change something."""
    from airflow import settings

    found: List[str] = []

    def look(*arguments: Any) -> None:
        if arguments[2].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            found.append(arguments[2])

    event.listen(settings.engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(settings.engine, "before_cursor_execute", look)


@pytest.fixture
def read_only_database(airflow_database: Path, visitors: Visitors) -> Iterator[None]:
    """A database that takes no change, once the users `reader` and `writer` are there."""
    from airflow import settings

    for name in ("reader", "writer"):
        assert visitors.get(name, "Op") == 200

    def forbid(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA query_only = ON")

    settings.Session.remove()
    event.listen(settings.engine, "connect", forbid)
    try:
        yield
    finally:
        event.remove(settings.engine, "connect", forbid)
        settings.Session.remove()


def test_what_cannot_be_written_gives_nothing(
    app: Flask, visitors: Visitors, read_only_database: None
) -> None:
    for name in ("reader", "writer"):
        same: Dict[str, str] = {}
        for claims in (same, {"full_name": "Somebody Else", "email": f"{name}-2@test"}):
            assert visitors.get(name, "Viewer", **claims) == 403
            assert visitors.get(name, "Viewer", EVERY_ROLE, **claims) == 200
            assert visitors.get(name, "Viewer", "/home", **claims) == 200
            assert visitors.get(name, "Op", **claims) == 200


def test_a_user_who_cannot_be_stored_is_asked_to_come_back(
    visitors: Visitors, read_only_database: None
) -> None:
    assert visitors.get("newcomer", "Admin") == 503
    assert visitors.get("newcomer", "Admin", "/home") == 503


def test_without_its_database_the_webserver_lets_nobody_in(
    visitors: Visitors, airflow_database: Path
) -> None:
    from airflow import settings

    assert visitors.get("early", "Op") == 200
    settings.Session.remove()
    away = airflow_database.rename(airflow_database.with_name("away.db"))
    airflow_database.mkdir()
    try:
        for path in (EVERY_ROLE, "/home", "/static/pin_32.png"):
            assert visitors.get("early", "Op", path) == 503
    finally:
        airflow_database.rmdir()
        away.rename(airflow_database)
    assert visitors.get("early", "Op") == 200


def test_a_stored_role_of_airflow_s_gives_nothing_and_is_removed(
    app: Flask, visitors: Visitors
) -> None:
    assert visitors.get("former", "Viewer") == 403
    give(app, "former", "Admin", "Op", "Public", "Reviewer")
    assert visitors.get("former", "Viewer") == 403
    assert visitors.get("former", "Viewer", "/users/list/") == 403
    assert stored("former")["roles"] == ["Reviewer"]


def test_a_demotion_holds_whoever_has_the_user_s_address(visitors: Visitors) -> None:
    assert visitors.get("owner", "Viewer", email="shared@test") == 403
    assert visitors.get("other", "Op") == 200
    with writes() as found:
        for role, code in (("Viewer", 403), ("Op", 200), ("Viewer", 403)):
            assert visitors.get("other", role, email="shared@test") == code
    assert found == []
    assert stored("other")["email"] == "other@test"


@pytest.mark.parametrize("names", [{}, {"full_name": "Twin Two", "email": "second-twin@test"}])
def test_two_tokens_of_one_user_do_not_meet(visitors: Visitors, names: Dict[str, str]) -> None:
    # What the second token says of the user is written once, not at each turn.
    turns: List[Tuple[str, int, Dict[str, str]]] = [("Viewer", 403, {}), ("Admin", 200, names)]
    for role, code, claims in turns:
        assert visitors.get("twin", role, **claims) == code
    with writes() as found, ThreadPoolExecutor(6) as pool:
        asked = [
            (pool.submit(visitors.get, "twin", role, **claims), code)
            for role, code, claims in turns * 30
        ]
        assert [future.result() for future, _ in asked] == [code for _, code in asked]
    assert len(found) <= len(names)


@pytest.fixture
def dags(app: Flask, visitors: Visitors) -> Iterator[None]:
    """The DAGs `mine` and `theirs`, and the user `keeper`, whom the project lets read and edit one
    of them; the project has taken from Viewer what is for all DAGs."""
    from airflow.models import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        for dag_id in ("mine", "theirs"):
            session.merge(DagModel(dag_id=dag_id, is_active=True, fileloc="/x.py", owners="me"))
    assert visitors.get("keeper", "Viewer", EVERY_ROLE) == 200
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        for action in ("can_read", "can_edit"):
            permission = manager.create_permission(action, "DAG:mine")
            manager.add_permission_to_role(manager.add_role("Keepers"), permission)
        of_all_dags = manager.get_permission("can_read", "DAGs")
        manager.remove_permission_from_role(manager.find_role("Viewer"), of_all_dags)
    give(app, "keeper", "Keepers")
    yield
    with app.app_context():
        of_all_dags = manager.get_permission("can_read", "DAGs")
        manager.add_permission_to_role(manager.find_role("Viewer"), of_all_dags)


@pytest.mark.parametrize(
    "name, role, listed, paused",
    [
        ("keeper", "Viewer", ["mine"], [200, 403]),
        ("keeper", "User", ["mine", "theirs"], [200, 200]),
        ("keeper", "Nobody", None, [403, 403]),
        ("passer-by", "Viewer", None, [403, 403]),
    ],
)
def test_access_to_single_dags_comes_beside_the_token_s_role(
    app: Flask,
    rsa_key: SigningKey,
    dags: None,
    name: str,
    role: str,
    listed: Optional[List[str]],
    paused: List[int],
) -> None:
    token = rsa_key.token(sub=name, email=f"{name}@test", roles=[role])
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    answer = client.get(EVERY_ROLE, headers=headers)
    if listed is None:
        assert answer.status_code == 403
    else:
        assert [each["dag_id"] for each in (answer.get_json() or {})["dags"]] == listed
    codes = [
        client.patch(
            f"{EVERY_ROLE}/{dag_id}", headers=headers, json={"is_paused": True}
        ).status_code
        for dag_id in ("mine", "theirs")
    ]
    assert codes == paused


@pytest.mark.parametrize(
    "name, claims",
    [
        ("vic", {"email": None}),
        ("vic@test", {"email": "vic"}),
        ("vic@test", {"email": None}),
        ("victor", {"email": "vic"}),
    ],
)
def test_a_name_or_an_address_that_is_another_s_address_is_no_hindrance(
    visitors: Visitors, name: str, claims: Dict[str, Any]
) -> None:
    assert visitors.get("first", "Viewer", EVERY_ROLE, email="vic") == 200
    assert visitors.get("second", "Viewer", EVERY_ROLE, email="vic@test") == 200
    for role, code in (("Op", 200), ("Viewer", 403)):
        assert visitors.get(name, role, **claims) == code
    assert stored("first")["email"] == "vic"
    assert stored("second")["email"] == "vic@test"


@pytest.mark.parametrize("email", ["e" * 65, "\udc80@test", "a\x00b@test", "ada\n@test"])
def test_an_address_that_no_database_holds_is_left_out(visitors: Visitors, email: str) -> None:
    name = f"writer-{len(email)}"
    assert visitors.get(name, "Op", email=email, full_name="Ada\udc80 \x00L") == 200
    assert stored(name) == {"name": "Ada L", "email": name, "active": True, "roles": []}


@pytest.mark.parametrize(
    "name", ["\udc80", "a\ud800b", "a\x00", "a\nb", "\x7f", " ", "ada ", "\u3000ada"]
)
def test_a_name_that_no_database_holds_is_refused(visitors: Visitors, name: str) -> None:
    assert visitors.get(name, "Op", email="nameless@test") == 401


def test_deactivation_holds_for_every_role(app: Flask, visitors: Visitors) -> None:
    assert visitors.get("gone", "Op") == 200
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        user = manager.find_user(username="gone")
        user.active = False
        manager.update_user(user)
    for role in ("Viewer", "Op", "Admin"):
        assert visitors.get("gone", role, EVERY_ROLE, full_name=f"Gone {role}") == 403


def test_whoever_asked_before_leaves_no_permission(app: Flask, rsa_key: SigningKey) -> None:
    # Airflow 2.2 keeps the permissions of the last user in the manager.
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    visitors = Visitors(app, rsa_key)
    assert visitors.get("last", "Admin", "/home") == 200
    with app.test_request_context("/home"):
        assert not manager.load_user(1)
        assert not manager.is_item_public("can_read", "Website")
