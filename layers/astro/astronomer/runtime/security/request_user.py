"""The user of one request, who may do what the token of that request says."""

from __future__ import annotations

from typing import Any, FrozenSet, Iterable, List, Optional, Set, Tuple

from airflow.security.permissions import RESOURCE_DAG, RESOURCE_DAG_PREFIX
from astronomer.runtime.security.tokens import Identity
from sqlalchemy import inspect

Permission = Tuple[str, str]
"""An action and the name of what it is done to, such as `can_read` and `DAGs`."""


class RequestUser:
    """Stands in for Airflow's model of a user, whose roles are those that are stored.

    It has the columns of the stored user but for the password, and is not part of a database
    session: whatever is written to it is gone with the request.
    """

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(
        self, stored: Any, identity: Identity, roles: List[Any], perms: FrozenSet[Permission]
    ) -> None:
        """Make the user of a request.

        Args:
            stored: The user's row.
            identity: Who the token speaks for.
            roles: Roles of Airflow's model, by the token and by the project.
            perms: What these roles allow.
        """
        for column in inspect(stored).mapper.column_attrs:
            if column.key != "password":
                setattr(self, column.key, getattr(stored, column.key))
        self.id = stored.id
        self.username = identity.username
        self.first_name, self.last_name = first_and_last_name(identity)
        self.roles = roles
        self.perms = perms

    def get_id(self) -> str:
        """The key of the user's row, as Flask-Login wants it."""
        return str(self.id)

    def get_full_name(self) -> str:
        """The name that pages show."""
        return f"{self.first_name} {self.last_name}"

    def __repr__(self) -> str:
        return self.get_full_name()


def first_and_last_name(identity: Identity) -> Tuple[str, str]:
    """The two names that Airflow keeps."""
    first, _, last = identity.full_name.partition(" ")
    return first, last


def permissions(manager: Any, roles: Iterable[Any]) -> FrozenSet[Permission]:
    """What roles allow.

    Args:
        manager: Airflow's security manager.
        roles: Roles of its model.
    """
    ids = [role.id for role in roles]
    if not ids:
        return frozenset()
    if hasattr(manager, "action_model"):
        pair = manager.permission_model
        names = manager.action_model.name, manager.resource_model.name
        relations = pair.action, pair.resource, pair.role
    else:
        # Airflow 2.2 has Flask-AppBuilder's models, under other names.
        pair = manager.permissionview_model
        names = manager.permission_model.name, manager.viewmenu_model.name
        relations = pair.permission, pair.view_menu, pair.role
    query = manager.get_session.query(*names).select_from(pair)
    for relation in relations:
        query = query.join(relation)
    found = query.filter(manager.role_model.id.in_(ids)).distinct()
    return frozenset((action, resource) for action, resource in found)


def dags_of(perms: Iterable[Permission], actions: Iterable[str]) -> Optional[Set[str]]:
    """The ids of the DAGs that one of these actions is allowed for; None for all DAGs."""
    resources = {resource for action, resource in perms if action in actions}
    if RESOURCE_DAG in resources:
        return None
    start = len(RESOURCE_DAG_PREFIX)
    return {name[start:] for name in resources if name.startswith(RESOURCE_DAG_PREFIX)}
