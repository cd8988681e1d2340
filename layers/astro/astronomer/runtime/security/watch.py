"""Refuses to serve on the platform without the platform's security manager."""

from __future__ import annotations

import sys
from typing import Any

from astronomer.runtime import options
from astronomer.runtime.airflow_version import airflow_version
from flask import Blueprint
from flask.blueprints import BlueprintSetupState


def blueprint() -> Blueprint:
    """A blueprint without routes; it looks at the application that registers it."""
    made = Blueprint("astronomer_security", __name__)
    # Not `record_once`: a process may make a second application.
    made.record(_check)
    return made


def _check(state: BlueprintSetupState) -> None:
    app: Any = state.app
    if not options.on_platform() or not hasattr(app, "appbuilder"):
        return
    from astronomer.runtime.security.manager import AstronomerSecurityManager

    if not isinstance(app.appbuilder.sm, AstronomerSecurityManager):
        name = "AUTH_BACKENDS" if airflow_version() >= (2, 3, 0) else "AUTH_BACKEND"
        sys.exit(
            f"astronomer-runtime: AIRFLOW__API__{name} does not name"
            " astronomer.runtime.security.api_auth; set it to that, as without it the platform's"
            " tokens would not be asked for."
        )
