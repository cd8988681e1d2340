"""What the platform's roles are in Airflow."""

from __future__ import annotations

from typing import FrozenSet, Iterable

GIVEN = frozenset({"Admin", "Op", "User", "Viewer"})
"""Roles of Airflow's that a token can give."""

MANAGED = GIVEN | {"Public"}
"""Airflow's own roles. No user keeps one from request to request; others are the project's."""

PLATFORM_ROLES = {
    # See DAGs and task logs.
    "WORKSPACE_VIEWER": "Viewer",
    # Also run DAGs, and change the state of runs and tasks; no connections or variables.
    "WORKSPACE_EDITOR": "User",
    # Also read and write connections and variables. Users and roles are the platform's own.
    "WORKSPACE_ADMIN": "Op",
}


def airflow_roles(claimed: Iterable[str]) -> FrozenSet[str]:
    """The roles of Airflow's that a token gives; names that nobody knows give none."""
    return frozenset(PLATFORM_ROLES.get(name, name) for name in claimed) & GIVEN
