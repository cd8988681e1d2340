"""The rows that Airflow's database keeps of users: their names, and the roles that a project gave.

What a request may do never depends on whether such a row could be written.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Dict, Optional, Tuple
from uuid import uuid4

from astronomer.runtime.security.request_user import first_and_last_name
from astronomer.runtime.security.roles import MANAGED
from astronomer.runtime.security.tokens import Identity
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

WRITE_AGAIN = 300
"""Seconds before a process tries the same change of a row again."""

_LOCK_TIMEOUT = "3s"
"""How long a write waits for somebody else's, on Postgres."""

_MOST_REMEMBERED = 10_000

log = logging.getLogger(__name__)


class UserNotStored(Exception):
    """The database takes no row for a user; the text is the sentence that the user reads."""


class StoredUsers:
    """Users in Airflow's database."""

    def __init__(self, manager: Any) -> None:
        """Keep users by the models and in the session of Airflow's security manager."""
        self._manager = manager
        self._tried: Dict[Tuple[str, ...], float] = {}

    def find_or_add(self, identity: Identity) -> Any:
        """The row of a user, made where there is none, and brought up to date where it can be.

        Raises:
            UserNotStored: There is none, and none can be made.
            SQLAlchemyError: The database does not answer as it should.
        """
        user = self._find(identity.username)
        if user is None:
            return self._add(identity)
        self._bring_up_to_date(user, identity)
        return user

    def _find(self, username: str) -> Any:
        model = self._manager.user_model
        found = self._session.query(model).filter(model.username == username)
        # For MySQL `ada`, `ADA` and `ada ` are one name, and for the platform they are not.
        return next((user for user in found if user.username == username), None)

    def _add(self, identity: Identity) -> Any:
        first, last = first_and_last_name(identity)
        # The database wants addresses to be unique, and a person may come back under another name.
        for email in (identity.email, identity.username, f"{uuid4().hex}@users.invalid"):
            user = self._manager.user_model(
                username=identity.username,
                first_name=first,
                last_name=last,
                email=email,
                active=True,
                # No password fits this: local login is off, and stays off where the platform goes.
                password="!",
            )
            try:
                self._begin_write()
                self._session.add(user)
                self._session.commit()
                return user
            except IntegrityError:
                self._session.rollback()
            # Another request of the same user may have been faster.
            found = self._find(identity.username)
            if found is not None:
                return found
        raise UserNotStored(
            "The database takes this user's name for another user's, from which it differs only"
            " by case, accents or spaces."
        )

    def _bring_up_to_date(self, user: Any, identity: Identity) -> None:
        first, last = first_and_last_name(identity)
        # Of a time when they were stored.
        outdated = [role for role in user.roles if role.name in MANAGED]
        if not outdated and (user.first_name, user.last_name, user.email) == (
            first,
            last,
            identity.email,
        ):
            return
        # Tokens of one user may differ in a name, and come in turns.
        if not self._is_due((*identity[:3], *(role.name for role in outdated))):
            return
        username = identity.username
        try:
            self._begin_write()
            if user.email != identity.email and self._is_free(identity.email):
                user.email = identity.email
            user.first_name, user.last_name = first, last
            if outdated:
                user.roles = [role for role in user.roles if role not in outdated]
            self._session.commit()
        except SQLAlchemyError as error:
            self._session.rollback()
            log.warning(
                "What the database keeps of user %r was not brought up to date: %s.",
                username,
                type(getattr(error, "orig", None) or error).__name__,
            )

    def _is_free(self, email: str) -> bool:
        model = self._manager.user_model
        return self._session.query(model.id).filter(model.email == email).first() is None

    def _is_due(self, change: Tuple[str, ...]) -> bool:
        now = time.monotonic()
        last: Optional[float] = self._tried.get(change)
        if last is not None and now < last + WRITE_AGAIN:
            return False
        if len(self._tried) >= _MOST_REMEMBERED:
            self._tried.clear()
        self._tried[change] = now
        return True

    def _begin_write(self) -> None:
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))

    @property
    def _session(self) -> Any:
        return self._manager.get_session
