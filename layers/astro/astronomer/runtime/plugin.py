"""The Airflow plugin, by which all that concerns the webserver comes in.

Each Airflow asks for the properties that it knows; those of another line stay empty.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any, List

from airflow.plugins_manager import AirflowPlugin
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.executors import is_runtime_executor

_REACT = (3, 1, 0)
"""The first Airflow that takes components of its UI from plugins."""


class AstronomerPlugin(AirflowPlugin):
    """Only the webserver asks for the blueprints; task processes load the plugin, but not Flask."""

    name = "astronomer"

    # The base class has an empty list here.
    @cached_property
    def flask_blueprints(self) -> List[Any]:  # type: ignore[override]
        if airflow_version() >= _REACT:
            return []
        from astronomer.runtime.audit import api_log
        from astronomer.runtime.security import watch
        from astronomer.runtime.ui import blueprint

        found = [watch.blueprint(), api_log.blueprint(), blueprint.blueprint()]
        if _has_runtime_executor():
            from astronomer.runtime.executor import status_page

            found.append(status_page.blueprint())
        return found

    @cached_property
    def appbuilder_menu_items(self) -> List[Any]:  # type: ignore[override]
        if airflow_version() >= _REACT or not _has_runtime_executor():
            return []
        from astronomer.runtime.executor import status_page

        return [status_page.MENU_ITEM]

    @cached_property
    def fastapi_apps(self) -> List[Any]:
        if airflow_version() < _REACT:
            return []
        _refuse_a_key_of_the_platform()
        from astronomer.runtime.ui import react_footer

        return react_footer.fastapi_apps()

    @cached_property
    def react_apps(self) -> List[Any]:
        if airflow_version() < _REACT:
            return []
        from astronomer.runtime.ui import react_footer

        return react_footer.react_apps()


def _has_runtime_executor() -> bool:
    return is_runtime_executor(Sources(os.environ))


def _refuse_a_key_of_the_platform() -> None:
    # The entrypoint does, where it sees the server start; Airflow asks for this before it makes its
    # own login.
    from astronomer.runtime import options, refusal

    named = options.platform_key()
    if named:
        refusal.end(refusal.no_platform_login(named))
