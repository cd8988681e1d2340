"""Answers to requests that are not let in.

Source: RFC 6750, section 3, for the challenge; RFC 7807 for the body of the API's answers.
"""

from __future__ import annotations

import json

from flask import Response, request
from markupsafe import escape

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>{title}</title>
    <!-- A browser would ask for an icon, and be refused. -->
    <link rel="icon" href="data:,">
  </head>
  <body style="font-family: sans-serif; margin: 4em auto; max-width: 40em">
    <h1>{title}</h1>
    <p>{detail}</p>
  </body>
</html>
"""


def unauthorized(reason: str) -> Response:
    """401: there is no token that can be trusted."""
    answer = _answer(401, "Not signed in", f"Sign in on the platform: {reason}.")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Airflow"'
    return answer


def forbidden(sentence: str) -> Response:
    """403: the user is known and may not do this."""
    return _answer(403, "Not allowed", sentence)


def unavailable(sentence: str) -> Response:
    """503: what is needed to answer is not there; a later try may find it."""
    return _answer(503, "Not available", sentence)


def _answer(status: int, title: str, detail: str) -> Response:
    asks_for_data = request.accept_mimetypes.best == "application/json"
    if request.path.startswith("/api/") or asks_for_data:
        body = json.dumps(
            {"status": status, "title": title, "detail": detail, "type": "about:blank"}
        )
        answer = Response(body, status, mimetype="application/problem+json")
    else:
        page = _PAGE.format(title=escape(title), detail=escape(detail))
        answer = Response(page, status, mimetype="text/html")
    # What is said to one user must not be shown to the next.
    answer.headers["Cache-Control"] = "no-store"
    return answer
