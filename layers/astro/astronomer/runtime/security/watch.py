"""Refuses to serve on the platform without the platform's security manager."""

from __future__ import annotations

from typing import Any

from astronomer.runtime import options, refusal
from astronomer.runtime.errors import ConfigurationError
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
    from astronomer.runtime.security import startup
    from astronomer.runtime.security.manager import AstronomerSecurityManager

    if isinstance(app.appbuilder.sm, AstronomerSecurityManager):
        return
    try:
        startup.check()
        raise ConfigurationError("the webserver has another security manager than the platform's.")
    except ConfigurationError as error:
        refusal.end(error)
