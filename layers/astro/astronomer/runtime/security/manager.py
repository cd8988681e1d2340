"""The security manager of the platform: the user of a request is the one its token speaks for."""

from __future__ import annotations

import logging
import re
from typing import Any, FrozenSet, Optional

from airflow.www.security import AirflowSecurityManager
from astronomer.runtime.security import settings
from astronomer.runtime.security.answers import forbidden, unauthorized
from astronomer.runtime.security.credentials import token_of
from astronomer.runtime.security.errors import TokenError
from astronomer.runtime.security.key_sources import key_source
from astronomer.runtime.security.roles import MANAGED, airflow_roles
from astronomer.runtime.security.tokens import Identity, TokenVerifier
from flask import Response, g, request, session
from flask_login import current_user, login_user

OPEN_PATHS = frozenset({"/health", "/api/v1/health"})
"""What probes ask; they say only whether the scheduler lives."""

# Users are the platform's to make and to change.
_REFUSED_ENDPOINTS = re.compile(
    r"(\w*User\w*ModelView\.(add|delete|userinfoedit|api_create|api_delete)|RegisterUser\w*\.\w+"
    r"|\w*ResetMyPasswordView\.\w+|\w*ResetPasswordView\.\w+|\w*UserInfoEditView\.\w+"
    # Tokens of Flask-AppBuilder's own, for passwords.
    r"|SecurityApi\.\w+"
    r"|/api/v1\.airflow_api_connexion_endpoints_user_endpoint_(post|patch|delete)_user)"
)

log = logging.getLogger(__name__)


class AstronomerSecurityManager(AirflowSecurityManager):
    """Airflow's manager, with tokens of the platform as the only way in."""

    def __init__(self, appbuilder: Any) -> None:
        """Read the options and guard every request of the application.

        Raises:
            ConfigurationError: The options do not say all that is needed.
        """
        options = settings.read()
        self._cookie = options.cookie
        self._verifier = TokenVerifier(
            key_source(options), options.issuer, options.audience, options.leeway
        )
        super().__init__(appbuilder)
        app = appbuilder.get_app
        # Before CSRF protection and before anything that asks who the user is.
        app.before_request_funcs.setdefault(None, []).insert(0, self.authenticate)
        app.after_request(self.answer_denial)

    def authenticate(self) -> Optional[Response]:
        """Make the token's user the user of this request, or answer for it."""
        if request.path in OPEN_PATHS:
            return None
        try:
            identity = self._verifier.verify(token_of(request, self._cookie))
        except TokenError as error:
            # As a literal: whoever asks must not write lines of their own into the log.
            log.info("Refused %s %r: %s.", request.method, request.path, error)
            return unauthorized(str(error))
        roles = airflow_roles(identity.roles)
        user = self._user_of(identity, roles)
        if user is None or not user.is_active:
            return forbidden("This user has been deactivated.")
        # A role of the project's alone is not enough: the platform has taken the user away.
        if not roles:
            return forbidden("This user has no role in this Deployment.")
        if _REFUSED_ENDPOINTS.fullmatch(request.endpoint or ""):
            return forbidden("Users are managed on the platform.")
        if current_user.is_anonymous or current_user.id != user.id:
            # What another user, or nobody, left in the session is not this user's.
            permanent = session.permanent
            session.clear()
            session.permanent = permanent
            login_user(user)
        g.astronomer_user_is_known = True
        return None

    def answer_denial(self, response: Response) -> Response:
        """Say 403 where Airflow would have a user that it knows log in."""
        if not g.get("astronomer_user_is_known"):
            return response
        if response.status_code == 401:
            return forbidden("This user may not do that.")
        if response.status_code != 302:
            return response
        location = response.headers.get("Location", "")
        path = re.sub(r"^https?://[^/]*", "", location).partition("?")[0]
        if path == request.script_root + "/login/" and request.path != "/login/":
            session.pop("_flashes", None)
            return forbidden("This user may not do that.")
        return response

    def _user_of(self, identity: Identity, roles: FrozenSet[str]) -> Any:
        """The user in Airflow's database, made or brought up to date."""
        user = self.find_user(username=identity.username)
        if user is None:
            user = self._add(identity, roles)
        if user is not None:
            self._update(user, identity, roles)
        return user

    def _add(self, identity: Identity, roles: FrozenSet[str]) -> Any:
        first, _, last = identity.full_name.partition(" ")
        made = self.add_user(
            identity.username,
            first,
            last,
            self._free_email(identity),
            self._roles_named(roles),
            # No password fits this: local login is off, and stays off where the platform goes.
            hashed_password="!",
        )
        # Another request of the same user may have been faster.
        return made or self.find_user(username=identity.username)

    def _update(self, user: Any, identity: Identity, roles: FrozenSet[str]) -> None:
        first, _, last = identity.full_name.partition(" ")
        kept = [role for role in user.roles if role.name not in MANAGED]
        has = {role.name for role in user.roles} & MANAGED
        email = identity.email if user.email == identity.email else self._free_email(identity)
        if (has, user.first_name, user.last_name, user.email) == (set(roles), first, last, email):
            return
        user.roles = [*kept, *self._roles_named(roles)]
        user.first_name, user.last_name, user.email = first, last, email
        self.update_user(user)

    def _free_email(self, identity: Identity) -> str:
        # The database wants it unique, and a person may come back under another name.
        other = self.find_user(email=identity.email)
        free = other is None or other.username == identity.username
        return identity.email if free else identity.username

    def _roles_named(self, names: FrozenSet[str]) -> "list[Any]":
        return [role for role in map(self.find_role, sorted(names)) if role is not None]
