"""The page "Executor Status" below Admin, and the same as JSON by the REST API.

Both are for whoever has Airflow's permission to see the menu Admin: no permission is added, so that
roles of a project's own get them as they get the menu.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict

from airflow.api_connexion.exceptions import PermissionDenied
from airflow.api_connexion.security import check_authentication
from airflow.security.permissions import ACTION_CAN_ACCESS_MENU, RESOURCE_ADMIN_MENU
from airflow.www.auth import has_access
from astronomer.runtime.errors import StartError
from astronomer.runtime.executor import status, tables
from astronomer.runtime.executor.connection import of_environment
from astronomer.runtime.security.answers import unavailable
from flask import Blueprint, Response, current_app, jsonify, render_template

API_PATH = "/api/v1/astronomer/executor"

MOST_WAITING = 200
"""Waiting tasks that an answer names; the queues count all."""

MENU_ITEM = {
    # Airflow shows an item to those who have the permission of its name.
    "name": RESOURCE_ADMIN_MENU,
    "label": "Executor Status",
    "category": RESOURCE_ADMIN_MENU,
    "href": "astronomer_executor.page",
}
"""As Flask-AppBuilder takes it."""

_PERMISSIONS = [(ACTION_CAN_ACCESS_MENU, RESOURCE_ADMIN_MENU)]

# A worker of the webserver serves nobody else meanwhile.
_ANSWER_SECONDS = 5.0


def blueprint() -> Blueprint:
    """The routes, with their own files."""
    made = Blueprint(
        "astronomer_executor",
        __name__,
        static_folder="static",
        static_url_path="/astronomer/executor/static",
        template_folder="templates",
    )
    routes: Dict[str, Callable[[], Any]] = {
        "/astronomer/executor": has_access(_PERMISSIONS)(page),
        "/astronomer/executor/status": has_access(_PERMISSIONS)(state),
        API_PATH: api_state,
    }
    for path, view in routes.items():
        made.add_url_rule(path, view.__name__, view)
    return made


def page() -> str:
    """The page, without any state: its script asks for that."""
    appbuilder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    return render_template(
        "astronomer/executor_status.html",
        appbuilder=appbuilder,
        base_template=appbuilder.base_template,
        most_waiting=MOST_WAITING,
    )


def api_state() -> Response:
    """The state for programs, which say who they are as for the REST API."""
    check_authentication()
    appbuilder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    if not appbuilder.sm.check_authorization(_PERMISSIONS, None):
        raise PermissionDenied()
    return state()


def state() -> Response:
    """The state as JSON; 503 with a sentence where it cannot be read."""
    import psycopg2

    try:
        database = of_environment(os.environ)
        with database.connected("astronomer-runtime status", _ANSWER_SECONDS) as connection:
            if not tables.exist(connection):
                return unavailable("No scheduler has made the executor's tables yet.")
            answer = jsonify(status.read(connection, MOST_WAITING))
    except StartError as error:
        return unavailable(str(error))
    except psycopg2.Error as error:
        # Its text may name the user: the kind of error tells.
        name = type(error).__name__
        return unavailable(f"The metadata database cannot be used ({name}).")
    answer.headers["Cache-Control"] = "no-store"
    return answer
