from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any, Dict, Iterator

import pytest
from astronomer.runtime.conftest import serving
from astronomer.runtime.update.notice import DISMISSED_COOKIE
from flask import Flask
from flask.testing import FlaskClient

PASSWORD = "only-in-this-test"


@pytest.fixture(scope="module")
def app(plugin: None) -> Iterator[Flask]:
    from airflow.www.app import create_app

    with serving() as feed, pytest.MonkeyPatch.context() as patch:
        feed.body = b'{"runtimeVersions": {"5.0.7": {}}}'
        patch.setenv("AIRFLOW__ASTRONOMER__UPDATE_URL", feed.url)
        patch.setenv("ASTRONOMER_RUNTIME_VERSION", "5.0.6")
        made: Flask = create_app(config={"WTF_CSRF_ENABLED": False, "TESTING": True})
        manager: Any = made.appbuilder.sm  # type: ignore[attr-defined]
        with made.app_context():
            for role in ("Admin", "Viewer"):
                name, roles = role.lower(), manager.find_role(role)
                manager.add_user(name, name, name, f"{name}@test", roles, PASSWORD)
        yield made


def client(app: Flask, user: str) -> FlaskClient:
    made = app.test_client()
    answer = made.post("/login/", data={"username": user, "password": PASSWORD})
    assert answer.status_code == 302
    return made


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, follow_redirects=True)
    assert answer.status_code == 200, path
    return str(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    "path", ["/home", "/users/userinfo/", "/dag-dependencies", "/pool/list/", "/roles/list/"]
)
def test_pages_of_every_kind_say_what_is_running(app: Flask, path: str) -> None:
    from airflow.version import version

    text = page(client(app, "admin"), path)
    assert f"Astronomer Runtime 5.0.6 based on Airflow {version}" in text
    assert "Image tag" not in text
    assert "astronomer/static/astronomer.css" in text


@pytest.mark.parametrize("user", ["admin", "viewer"])
def test_everyone_inside_has_the_menu(app: Flask, user: str) -> None:
    text = page(client(app, user), "/home")
    for link in ("https://docs.astronomer.io", "https://registry.astronomer.io"):
        assert f'href="{link}"' in text


def test_the_login_page_has_the_colours_and_no_version(app: Flask) -> None:
    text = page(app.test_client(), "/login/")
    assert "astronomer/static/astronomer.css" in text
    assert "Astronomer Runtime 5.0.6" not in text
    assert "registry.astronomer.io" not in text


def test_a_newer_release_is_shown_once_it_is_known_to_those_who_may_act_on_it(app: Flask) -> None:
    admin, viewer = client(app, "admin"), client(app, "viewer")
    first, end = page(admin, "/home"), time.monotonic() + 10
    while "is available" not in page(admin, "/home") and time.monotonic() < end:
        time.sleep(0.05)
    assert "Astronomer Runtime 5.0.7 is available." in page(admin, "/home")
    assert "is available" not in first or "Astronomer Runtime 5.0.7 is available." in first
    assert "is available" not in page(viewer, "/home")
    admin.set_cookie("localhost", DISMISSED_COOKIE, "5.0.7")
    assert "is available" not in page(admin, "/home")


def test_user_statistics_are_a_table_and_no_business_of_another_host(app: Flask) -> None:
    text = page(client(app, "admin"), "/userstatschartview/chart/")
    assert "<th>Login Count</th>" in text
    assert "<td>viewer</td>" in text
    assert "google" not in text


def test_an_error_page_uses_a_style_sheet_of_this_host(app: Flask) -> None:
    with app.test_request_context():
        text = app.jinja_env.get_template("airflow/traceback.html").render(info="<why>")
    assert '<link rel="stylesheet" href="/static/appbuilder/css/bootstrap.min.css">' in text
    assert "&lt;why&gt;" in text


def test_the_api_s_page_may_ask_this_host_only(app: Flask) -> None:
    answer = client(app, "admin").get("/api/v1/ui/")
    assert answer.headers["Content-Security-Policy"] == "connect-src 'self'"


def test_the_style_sheet_is_served(app: Flask) -> None:
    assert "astronomer-version" in page(app.test_client(), "/astronomer/static/astronomer.css")


def test_airflow_s_own_footer_stays(app: Flask) -> None:
    assert "Version:" in page(client(app, "admin"), "/home")


def test_a_task_process_loads_the_plugin_without_flask() -> None:
    code = (
        "import sys, airflow.plugins_manager; before = set(sys.modules);"
        "import astronomer.runtime.plugin;"
        "print(sorted(set(sys.modules) - before))"
    )
    environ: Dict[str, str] = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environ, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert "astronomer.runtime.plugin" in printed
    assert "flask" not in printed
