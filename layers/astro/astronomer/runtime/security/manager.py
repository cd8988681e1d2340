"""The security manager of the platform: the user of a request is the one its token speaks for."""

from __future__ import annotations

import logging
import re
from typing import Any, FrozenSet, Iterable, Optional, Set

from airflow.models import DagModel
from airflow.security.permissions import ACTION_CAN_EDIT, ACTION_CAN_READ
from airflow.utils.session import provide_session
from airflow.www.security import AirflowSecurityManager
from astronomer.runtime.security import api_auth, browser_session, settings
from astronomer.runtime.security.access import installed_table
from astronomer.runtime.security.answers import forbidden, unauthorized, unavailable
from astronomer.runtime.security.credentials import token_of
from astronomer.runtime.security.errors import TokenError
from astronomer.runtime.security.key_sources import key_source
from astronomer.runtime.security.project_routes import ProjectRoutes
from astronomer.runtime.security.request_user import Permission, RequestUser, dags_of, permissions
from astronomer.runtime.security.roles import MANAGED, airflow_roles
from astronomer.runtime.security.stored_users import StoredUsers, UserNotStored
from astronomer.runtime.security.tokens import Identity, TokenVerifier
from flask import Response, g, request, session
from flask_login import login_user
from sqlalchemy.exc import SQLAlchemyError

_REST_API = "/api/v1"

_CLOSED = (
    "Nobody may do that in this Deployment. Users are managed on the platform, and the REST API is"
    " the one below /api/v1."
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
        self._access = installed_table()
        self._project_routes = ProjectRoutes(appbuilder)
        self._stored_users = StoredUsers(self)
        super().__init__(appbuilder)
        app = appbuilder.get_app
        # Whatever other backends the REST API was given, none of them lets anybody in.
        app.api_auth = [api_auth] if isinstance(app.api_auth, list) else api_auth
        # Before CSRF protection and before anything that asks who the user is.
        app.before_request_funcs.setdefault(None, []).insert(0, self.authenticate)
        app.after_request(self.answer_denial)

    def authenticate(self) -> Optional[Response]:
        """Make the token's user the user of this request, or answer for it."""
        if self._is_open():
            return None
        try:
            identity = self._verifier.verify(token_of(request, self._cookie))
        except TokenError as error:
            # As a literal: whoever asks must not write lines of their own into the log.
            log.info("Refused %s %r: %s.", request.method, request.path, error)
            return unauthorized(str(error))
        given = airflow_roles(identity.roles)
        # A role of the project's alone is not enough: the platform has taken the user away.
        if not given:
            return forbidden("This user has no role in this Deployment.")
        if self._is_closed():
            return forbidden(_CLOSED)
        try:
            user = self._user_of(identity, given)
        except UserNotStored as error:
            return forbidden(str(error))
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            log.error("The database does not say who %r is: %r.", identity.username, cause)
            self._roll_back()
            return unavailable("The database of this Deployment does not answer as it should.")
        if user is None:
            return forbidden("This user has been deactivated.")
        browser_session.begin(identity.username)
        self._log_in(user)
        g.astronomer_user = user
        return None

    def answer_denial(self, response: Response) -> Response:
        """Say 403 where Airflow would have a user that it knows log in."""
        user: Optional[RequestUser] = g.get("astronomer_user")
        if user is None:
            return response
        if response.status_code == 401:
            response = forbidden("This user may not do that.")
        elif response.status_code == 302:
            location = response.headers.get("Location", "")
            path = re.sub(r"^https?://[^/]*", "", location).partition("?")[0]
            if path == request.script_root + "/login/" and request.path != "/login/":
                session.pop("_flashes", None)
                response = forbidden("This user may not do that.")
        browser_session.end(user.username)
        return response

    def _is_open(self) -> bool:
        rule = request.url_rule
        if self._access.is_for_everybody(request.method, rule):
            return True
        # A browser asks so, without credentials, whether a page of another host may use the REST
        # API; Flask answers, and no code of the route's runs. Source: Fetch, CORS-preflight fetch.
        return request.blueprint == _REST_API and self._is_answered_by_flask()

    def _is_closed(self) -> bool:
        rule = request.url_rule
        if rule is None or self._is_answered_by_flask():
            return False
        if self._access.is_known(request.method, rule):
            return self._access.is_closed(request.method, rule)
        return rule.endpoint not in self._project_routes

    @staticmethod
    def _is_answered_by_flask() -> bool:
        rule: Any = request.url_rule
        return request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False)

    def _user_of(self, identity: Identity, given: FrozenSet[str]) -> Optional[RequestUser]:
        """The user of this request; None where Airflow has deactivated them."""
        stored = self._stored_users.find_or_add(identity)
        if not stored.active:
            return None
        by_token = self.get_session.query(self.role_model).filter(self.role_model.name.in_(given))
        by_project = [role for role in stored.roles if role.name not in MANAGED]
        roles = [*by_token, *by_project]
        return RequestUser(stored, identity, roles, permissions(self, roles))

    @staticmethod
    def _log_in(user: RequestUser) -> None:
        kept = dict(session)
        login_user(user)
        # Who the user is stands in no session.
        session.clear()
        session.update(kept)

    def _roll_back(self) -> None:
        try:
            self.get_session.rollback()
        except SQLAlchemyError:
            # The connection is gone, and what it had begun with it.
            self.get_session.remove()

    # What Airflow and Flask-AppBuilder would otherwise take from the stored user, from what was
    # cached of another request, or from the role `Public`.

    def load_user(self, user_id: Any) -> None:
        """Nobody: neither a session nor another token says who a user is."""

    def load_user_jwt(self, *_: Any) -> None:
        """Nobody, as for `load_user`."""

    def is_item_public(self, *_: Any) -> bool:
        """Nothing is open to those without a role."""
        return False

    @provide_session
    def get_accessible_dags(self, user_actions: Any, user: Any, session: Any = None) -> Any:
        """The query for the DAGs that a user may do one of these actions to."""
        ids = dags_of(self._permissions_of(user), user_actions)
        query = session.query(DagModel)
        return query if ids is None else query.filter(DagModel.dag_id.in_(ids))

    @provide_session
    def get_accessible_dag_ids(
        self, user: Any, user_actions: Optional[Iterable[str]] = None, session: Any = None
    ) -> Set[str]:
        """The ids of the DAGs that a user may do one of these actions to; by default, any."""
        actions = user_actions or [ACTION_CAN_EDIT, ACTION_CAN_READ]
        dags = self.get_accessible_dags(actions, user, session)
        return {dag_id for dag_id, in dags.with_entities(DagModel.dag_id)}

    def get_current_user_permissions(self) -> Set[Any]:
        """What the user of this request may do, for Airflow 2.2."""
        return set(g.user.perms)

    def current_user_has_permissions(self) -> bool:
        """Whether the user of this request may do anything, for Airflow 2.2."""
        return bool(g.user.perms)

    def _permissions_of(self, user: Any) -> FrozenSet[Permission]:
        # Older proxies of Werkzeug's are of no class but their own.
        user = user._get_current_object() if hasattr(user, "_get_current_object") else user
        if isinstance(user, RequestUser):
            return user.perms
        return frozenset() if user.is_anonymous else permissions(self, user.roles)

    def _has_perm(self, action_name: str, resource_name: str) -> bool:
        return (action_name, resource_name) in g.user.perms
