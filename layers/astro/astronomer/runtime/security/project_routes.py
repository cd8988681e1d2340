"""The routes that a project's plugins add to the webserver."""

from __future__ import annotations

from functools import cached_property
from typing import Any, FrozenSet


class ProjectRoutes:
    """Endpoints of the views and blueprints of Airflow's plugins."""

    def __init__(self, appbuilder: Any) -> None:
        """Look among the views of an application, once it is asked."""
        self._appbuilder = appbuilder

    def __contains__(self, endpoint: str) -> bool:
        # A blueprint may hold others, whose names follow its own.
        return endpoint.partition(".")[0] in self._blueprints

    @cached_property
    def _blueprints(self) -> FrozenSet[str]:
        from airflow import plugins_manager

        views = [each["view"] for each in plugins_manager.flask_appbuilder_views or ()]
        kinds = {view if isinstance(view, type) else type(view) for view in views}
        return frozenset(
            [each["blueprint"].name for each in plugins_manager.flask_blueprints or ()]
            + [view.endpoint for view in self._appbuilder.baseviews if type(view) in kinds]
        )
