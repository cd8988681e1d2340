"""The footer in the UI of Airflow 3.1 and later, which is no longer a Flask application.

Source: airflow/api_fastapi/core_api/datamodels/plugins.py, `ReactAppResponse`, destination `base`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

from astronomer.runtime.ui.versions import image_tag, version_line

_PREFIX = "/astronomer"
_MODULE = Path(__file__).with_name("footer.js")


def react_apps() -> List[Dict[str, Any]]:
    """The component, as the base class of Airflow's plugins wants it."""
    return [
        {
            "name": "Astronomer Runtime",
            "bundle_url": f"{_PREFIX[1:]}/footer.js",
            "destination": "base",
            "url_route": "astronomer",
        }
    ]


def fastapi_apps() -> List[Dict[str, Any]]:
    """The application that serves the component's module."""
    # This name is there in Airflow 3 alone.
    from fastapi import FastAPI, Response  # pants: no-infer-dep

    app = FastAPI(title="Astronomer Runtime", docs_url=None, redoc_url=None, openapi_url=None)
    source = module(line())

    @app.get("/footer.js")
    def footer() -> Response:
        return Response(source, media_type="text/javascript")

    return [{"app": app, "url_prefix": _PREFIX, "name": "Astronomer Runtime"}]


def line() -> str:
    """What the footer says."""
    tag = image_tag()
    return f"{version_line()} · Image tag: {tag}" if tag else version_line()


def module(text: str) -> str:
    """The component's source, with a text in it."""
    # `</` would be the end of a script in a page, and JSON allows the escape.
    literal = json.dumps(text).replace("</", "<\\/")
    return _MODULE.read_text().replace("@LINE@", literal)
