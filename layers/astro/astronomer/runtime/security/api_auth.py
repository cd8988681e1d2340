"""The backend of the REST API, by which this package enters Airflow's webserver.

Airflow gives the application to each backend before it makes the security manager, and after the
project's `webserver_config.py`: whatever stands there, the platform's manager is the one.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, Optional, TypeVar, cast

from astronomer.runtime import options, refusal
from astronomer.runtime.errors import ConfigurationError
from flask import Flask, Response
from flask_login import current_user

Function = TypeVar("Function", bound=Callable[..., Any])

CLIENT_AUTH: Optional[Any] = None
"""What Airflow's own API client would send: nothing."""


def init_app(app: Flask) -> None:
    """Put the platform's security manager in charge; locally, leave everything as it is.

    Exits with one sentence where the options are wrong: a webserver must not start half guarded.
    """
    if not options.on_platform():
        return
    from astronomer.runtime.security import browser_session, settings
    from astronomer.runtime.security.access import installed_table
    from astronomer.runtime.security.key_sources import check_key
    from astronomer.runtime.security.manager import AstronomerSecurityManager
    from flask_appbuilder.const import AUTH_REMOTE_USER

    try:
        check_key(settings.read())
        installed_table()
    except ConfigurationError as error:
        refusal.end(error)
    app.config["AUTH_TYPE"] = AUTH_REMOTE_USER
    app.config["AUTH_USER_REGISTRATION"] = False
    app.config["AUTH_ROLE_PUBLIC"] = "Public"
    # `ADA` and `ada` are two on the platform, and here too.
    app.config["AUTH_USERNAME_CI"] = False
    app.config["SECURITY_MANAGER_CLASS"] = AstronomerSecurityManager
    # Flask-AppBuilder's own name of the same comes first where it is set.
    app.config["FAB_SECURITY_MANAGER_CLASS"] = None
    browser_session.keep_in_cookie()


def requires_authentication(function: Function) -> Function:
    """Let requests through whose user is known: by the token, or locally by the session."""

    @wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if current_user.is_authenticated:
            return function(*args, **kwargs)
        return Response("Unauthorized", 401)

    return cast(Function, decorated)
