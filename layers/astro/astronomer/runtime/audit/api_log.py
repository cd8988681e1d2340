"""Notes every change that the REST API made, with the user who made it.

Airflow 2.2 and 2.3 note only what is done in the UI and on the command line.
"""

from __future__ import annotations

import json
import logging

from airflow.models import Log
from airflow.utils.session import create_session
from flask import Blueprint, Response, request
from flask_login import current_user

_CHANGES = frozenset({"DELETE", "PATCH", "POST", "PUT"})

# Of the table's column.
_LONGEST_EVENT = 30

log = logging.getLogger(__name__)


def blueprint() -> Blueprint:
    """A blueprint without routes, whose hook sees every answer of the application."""
    made = Blueprint("astronomer_audit", __name__)
    # Not `after_app_request`, which reaches only the first application of a process.
    made.record(lambda state: state.app.after_request(note))
    return made


def note(response: Response) -> Response:
    """Note a change that was made; the body stays out, as it may hold a secret."""
    if not request.path.startswith("/api/v1/") or request.method not in _CHANGES:
        return response
    if response.status_code >= 400 or current_user.is_anonymous:
        return response
    values = request.view_args or {}
    entry = Log(
        # Such as `post_dag_run`, of airflow_api_connexion_endpoints_dag_run_endpoint_post_dag_run.
        event=(request.endpoint or "").rpartition("_endpoint_")[2][:_LONGEST_EVENT],
        task_instance=None,
        owner=current_user.username,
        extra=json.dumps({"method": request.method, "path": request.path}),
        dag_id=values.get("dag_id"),
        task_id=values.get("task_id"),
    )
    try:
        with create_session() as session:
            session.add(entry)
    except Exception:
        # The change is made, and its answer must not say otherwise.
        log.exception("A change by the REST API was not noted in the audit log")
    return response
