"""What a project adds to the webserver, by plugins and by `webserver_config.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from astronomer.runtime.security.conftest import SigningKey, platform_application
from flask import Blueprint, Flask
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.route("/today", methods=["GET", "POST"])
def today() -> str:
    return "for everyone inside"


class Ledger(BaseView):  # type: ignore[misc]
    """A view of a plugin, with a permission of its own."""

    route_base = "/ledger"
    default_view = "list"

    @expose("/list/")  # type: ignore[misc]
    @has_access  # type: ignore[misc]
    def list(self) -> str:
        return "for those with the permission"


class Backdoor(BaseView):  # type: ignore[misc]
    """A view of no plugin."""

    route_base = "/backdoor"

    @expose("/open", methods=["GET", "POST"])  # type: ignore[misc]
    def open(self) -> str:
        return "for nobody"


class Addon:
    """Flask-AppBuilder's other way to add views, which `webserver_config.py` names."""

    def __init__(self, appbuilder: Any) -> None:
        self._appbuilder = appbuilder

    def pre_process(self) -> None:
        pass

    def register_views(self) -> None:
        self._appbuilder.add_view_no_menu(Backdoor)

    def post_process(self) -> None:
        pass


@pytest.fixture(scope="module")
def app(airflow_database: Path, rsa_key: SigningKey) -> Iterator[Flask]:
    from airflow import plugins_manager

    class Plugin(plugins_manager.AirflowPlugin):  # type: ignore[misc]
        name = "project"
        flask_blueprints = [blueprint]
        appbuilder_views = [{"name": "Ledger", "category": "Project", "view": Ledger()}]

    plugins_manager.ensure_plugins_loaded()
    before = plugins_manager.plugins
    plugins_manager.plugins = [*(before or ()), Plugin()]
    plugins_manager.flask_blueprints = plugins_manager.flask_appbuilder_views = None
    ours = "astronomer.runtime.security.api_auth"
    options = {"API__AUTH_BACKENDS": f"airflow.api.auth.backend.default,{ours}"}
    config = {
        "ADDON_MANAGERS": [f"{__name__}.Addon"],
        "FAB_SECURITY_MANAGER_CLASS": "airflow.www.security.AirflowSecurityManager",
        "AUTH_TYPE": 1,
        "AUTH_ROLE_PUBLIC": "Admin",
        "AUTH_USER_REGISTRATION": True,
        "WTF_CSRF_ENABLED": False,
    }
    try:
        with platform_application(rsa_key, options, **config) as made:
            yield made
    finally:
        plugins_manager.plugins = before
        plugins_manager.flask_blueprints = plugins_manager.flask_appbuilder_views = None


def codes(app: Flask, rsa_key: SigningKey, method: str, path: str) -> List[int]:
    """Answers to nobody, to a user without role, and to a Viewer, an Op and an Admin."""
    sent: List[Dict[str, str]] = [{}]
    for role in ("Nobody", "Viewer", "Op", "Admin"):
        name = role.lower()
        token = rsa_key.token(sub=name, email=f"{name}@test", roles=[role])
        sent.append({"Authorization": f"Bearer {token}"})
    client = app.test_client()
    return [client.open(path, method=method, headers=each).status_code for each in sent]


ROUTES: List[Tuple[str, str, List[int]]] = [
    ("GET", "/reports/today", [401, 403, 200, 200, 200]),
    ("POST", "/reports/today", [401, 403, 200, 200, 200]),
    ("GET", "/ledger/list/", [401, 403, 403, 403, 200]),
    ("GET", "/backdoor/open", [401, 403, 403, 403, 403]),
    ("POST", "/backdoor/open", [401, 403, 403, 403, 403]),
    ("HEAD", "/backdoor/open", [401, 403, 403, 403, 403]),
    ("GET", "/no-route", [401, 403, 404, 404, 404]),
    ("GET", "/api/v1/variables", [401, 403, 403, 200, 200]),
    ("GET", "/register/form", [401, 403, 404, 404, 404]),
]


@pytest.mark.parametrize("method, path, expected", ROUTES)
def test_a_plugin_s_routes_are_its_own_and_others_are_closed(
    app: Flask, rsa_key: SigningKey, method: str, path: str, expected: List[int]
) -> None:
    assert codes(app, rsa_key, method, path) == expected


def test_no_other_way_to_say_who_one_is_counts(app: Flask) -> None:
    manager: Any = app.appbuilder.sm  # type: ignore[attr-defined]
    with app.app_context():
        manager.add_user("root", "R", "R", "r@test", manager.find_role("Admin"), "known-password")
    client: Any = app.test_client()
    for path in ("/home", "/api/v1/variables"):
        answer = client.get(path, headers={"Authorization": "Basic cm9vdDprbm93bi1wYXNzd29yZA=="})
        assert answer.status_code == 401
    sent = {"username": "root", "password": "known-password"}
    assert client.post("/login/", data=sent).status_code == 401
    assert client.get("/home").status_code == 401
