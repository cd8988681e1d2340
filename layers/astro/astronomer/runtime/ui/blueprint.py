"""What the webserver gets: static files, templates over Airflow's own, and their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from astronomer.runtime import options
from astronomer.runtime.ui.colour import is_dark
from astronomer.runtime.ui.templates import OverridingLoader
from astronomer.runtime.ui.versions import image_tag, version_line
from astronomer.runtime.update.notice import DISMISSED_COOKIE, UpdateNotice
from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState
from jinja2 import BaseLoader

_FOLDER = Path(__file__).parent


def blueprint() -> Blueprint:
    """The blueprint; it changes nothing until an application with Airflow's UI registers it."""
    made = Blueprint(
        "astronomer",
        __name__,
        static_folder="static",
        static_url_path="/astronomer/static",
    )
    made.record(_set_up)
    return made


def _set_up(state: BlueprintSetupState) -> None:
    app: Flask = state.app
    # The experimental API of an application without UI has none.
    if not hasattr(app, "appbuilder"):
        return
    loader = app.jinja_env.loader
    assert isinstance(loader, BaseLoader)
    app.jinja_env.loader = OverridingLoader(_FOLDER / "templates", loader)
    app.context_processor(_Values())
    app.after_request(_keep_inside)


def _keep_inside(response: Response) -> Response:
    """Keep the page of the REST API from asking Google about the logins that it names."""
    if request.path == "/api/v1/ui/":
        response.headers["Content-Security-Policy"] = "connect-src 'self'"
    return response


class _Values:
    """The variable `astronomer` of the templates."""

    def __init__(self) -> None:
        from airflow.configuration import conf

        self._constant = {
            "version_line": version_line(),
            "image_tag": image_tag() if options.on_platform() else "",
            "dark_navbar": is_dark(conf.get("webserver", "navbar_color")),
        }
        self._notice = UpdateNotice.from_options()

    def __call__(self) -> Dict[str, Any]:
        newer = self._notice.newer_release(request.cookies.get(DISMISSED_COOKIE, ""))
        # No name of a dictionary's own methods: a template would find the method.
        return {"astronomer": {**self._constant, "newer_release": newer}}
