"""Who sees the executor's state in the webserver, and what."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.executor.status_page import API_PATH, MOST_WAITING
from astronomer.runtime.executors import RUNTIME_EXECUTOR
from astronomer.runtime.plugin import AstronomerPlugin
from astronomer.runtime.security.conftest import SigningKey, platform_application
from astronomer.runtime.testing.allocations import Sql, add_runner, queue_task
from flask import Flask

PAGE = "/astronomer/executor"
STATE = "/astronomer/executor/status"
PASSWORD = "only-in-this-test"

ROLES = {"Viewer": False, "User": False, "Op": True, "Admin": True}
"""Whether a role sees Airflow's pages below Admin."""


@pytest.fixture(scope="module")
def plugged(airflow_database: Path) -> Iterator[None]:
    """Our plugin, as it is where the Runtime executor is configured."""
    from airflow import plugins_manager

    plugins_manager.ensure_plugins_loaded()
    before = plugins_manager.plugins
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__EXECUTOR", RUNTIME_EXECUTOR)
        plugin = AstronomerPlugin()
        assert len(plugin.flask_blueprints) == 4
        assert len(plugin.appbuilder_menu_items) == 1
    plugins_manager.plugins = [*(before or ()), plugin]
    plugins_manager.flask_blueprints = plugins_manager.flask_appbuilder_menu_links = None
    yield
    plugins_manager.plugins = before
    plugins_manager.flask_blueprints = plugins_manager.flask_appbuilder_menu_links = None


@pytest.fixture(scope="module")
def app(plugged: None) -> Iterator[Flask]:
    """A local webserver, whose REST API takes names and passwords."""
    from airflow.www.app import create_app

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUTH_BACKEND", "AUTH_BACKENDS"):
            patch.setenv(f"AIRFLOW__API__{name}", "airflow.api.auth.backend.basic_auth")
        made: Flask = create_app(config={"WTF_CSRF_ENABLED": False}, testing=True)
        manager: Any = made.appbuilder.sm  # type: ignore[attr-defined]
        with made.app_context():
            for role in ROLES:
                name = f"status-{role.lower()}"
                found = manager.find_role(role)
                manager.add_user(name, name, name, f"{name}@test", found, PASSWORD)
        yield made


@pytest.fixture
def of_deployment(deployment: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for section in ("CORE", "DATABASE"):
        monkeypatch.setenv(f"AIRFLOW__{section}__SQL_ALCHEMY_CONN", deployment.url)


def client(app: Flask, role: str) -> Any:
    made = app.test_client()
    sent = {"username": f"status-{role.lower()}", "password": PASSWORD}
    assert made.post("/login/", data=sent).status_code == 302
    return made


@pytest.mark.usefixtures("of_deployment")
@pytest.mark.parametrize("role, may", ROLES.items())
def test_those_who_see_the_menu_admin_see_the_page(app: Flask, role: str, may: bool) -> None:
    inside = client(app, role)
    for path in (PAGE, STATE):
        assert inside.get(path).status_code == (200 if may else 302)
    menu = inside.get("/home").get_data(as_text=True)
    assert (f'href="{PAGE}"' in menu, "Executor Status" in menu) == (may, may)
    given = {"HTTP_AUTHORIZATION": basic(f"status-{role.lower()}")}
    assert app.test_client().get(API_PATH, environ_base=given).status_code == (200 if may else 403)


def basic(name: str, password: str = PASSWORD) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.usefixtures("of_deployment")
def test_strangers_get_a_login_or_401(app: Flask) -> None:
    for path in (PAGE, STATE):
        answer = app.test_client().get(path)
        assert answer.status_code == 302 and "/login/" in answer.headers["Location"]
    assert app.test_client().get(API_PATH).status_code == 401
    wrong = {"Authorization": basic("status-admin", "wrong")}
    assert app.test_client().get(API_PATH, headers=wrong).status_code == 401


@pytest.mark.usefixtures("plugged", "of_deployment")
def test_on_a_platform_the_token_s_role_decides(
    rsa_key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What processes share of keys: the server of another run may have had our port.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with platform_application(rsa_key) as app:
        codes: Dict[str, Any] = {}
        for role in ("", "WORKSPACE_VIEWER", "WORKSPACE_EDITOR", "WORKSPACE_ADMIN", "Admin"):
            token = rsa_key.token(sub=f"status {role}".strip(), email="s@test", roles=[role])
            sent = {"Authorization": f"Bearer {token}"} if role else {}
            codes[role] = [
                app.test_client().get(path, headers=sent).status_code
                for path in (PAGE, STATE, API_PATH)
            ]
    assert codes == {
        "": [401] * 3,
        "WORKSPACE_VIEWER": [403] * 3,
        "WORKSPACE_EDITOR": [403] * 3,
        "WORKSPACE_ADMIN": [200] * 3,
        "Admin": [200] * 3,
    }


@pytest.mark.usefixtures("of_deployment")
def test_the_state_is_the_command_s_and_names_a_bounded_number_of_tasks(
    app: Flask, sql: Sql
) -> None:
    add_runner(sql, "<script>alert(1)</script>")
    queue_task(sql, "<script>alert(2)</script>")
    sql(
        "INSERT INTO astronomer_allocation (dag_id, task_id, run_id, map_index, try_number, owner,"
        " command, queue, priority, cpu_millis, memory_bytes, slots) SELECT 'dag', 'many', 'run',"
        " number, 1, 's', '{}', 'default', 1, 0, 0, 1 FROM generate_series(1, 300) AS number"
    )
    inside = client(app, "Admin")
    for path in (STATE, API_PATH):
        answer = inside.get(path, headers={"Authorization": basic("status-admin")})
        # A browser that is led there shows text, and runs nothing.
        assert answer.mimetype == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert [runner["name"] for runner in answer.json["runners"]] == [
            "<script>alert(1)</script>"
        ]
        assert answer.json["waiting"][0]["task_id"] == "<script>alert(2)</script>"
        assert len(answer.json["waiting"]) == MOST_WAITING
        assert answer.json["queues"]["default"]["waiting_tasks"] == 301
    page = inside.get(PAGE).get_data(as_text=True)
    assert f'data-url="{STATE}"' in page and "alert(" not in page
    script = inside.get(f"{PAGE}/static/executor_status.js").get_data(as_text=True)
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert sink not in script


def test_a_state_that_cannot_be_read_is_said_in_a_sentence(
    app: Flask, database: Database, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = client(app, "Admin")
    away = f"postgresql://airflow:secret@127.0.0.1:{free_port}/airflow"
    for url, sentence in (
        (database.url, "No scheduler has made the executor's tables yet."),
        (away, "The metadata database cannot be used (OperationalError)."),
        ("sqlite:////tmp/a.db", "works with PostgreSQL alone"),
    ):
        for section in ("CORE", "DATABASE"):
            monkeypatch.setenv(f"AIRFLOW__{section}__SQL_ALCHEMY_CONN", url)
        answer = inside.get(STATE, headers={"Accept": "application/json"})
        assert answer.status_code == 503 and sentence in answer.json["detail"]


@pytest.mark.parametrize("executor", ["LocalExecutor", "CeleryExecutor", ""])
def test_with_another_executor_there_is_no_page(
    executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    plugin = AstronomerPlugin()
    assert plugin.appbuilder_menu_items == []
    assert "astronomer_executor" not in [each.name for each in plugin.flask_blueprints]
