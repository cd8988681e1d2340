"""What a browser keeps between two requests: CSRF token, messages, filters; never who the user is.

It stands in a signed cookie. Airflow's table of sessions is for logins that must end when they are
deleted, and would get a row for every page that a script asks for.
"""

from __future__ import annotations

import os

from astronomer.runtime import options
from flask import g, session

_OWNER = "astronomer_user"

_BOOKKEEPING = frozenset({_OWNER, "_permanent"})


def keep_in_cookie() -> None:
    """Have the application that this process makes keep sessions in cookies.

    By the environment, as it comes before `airflow.cfg` and before what the operator set.
    """
    os.environ[options.variable("session_backend", "webserver")] = "securecookie"


def begin(username: str) -> None:
    """Drop what another user left in this browser."""
    if session and session.get(_OWNER) != username:
        session.clear()
    g.astronomer_session_came = bool(session)


def end(username: str) -> None:
    """Mark the session as this user's, or keep the answer free of a cookie that holds nothing."""
    if set(session) - _BOOKKEEPING:
        session[_OWNER] = username
    else:
        session.clear()
        session.modified = g.astronomer_session_came
