"""The Airflow plugin, by which all that concerns the webserver comes in."""

from __future__ import annotations

from functools import cached_property
from typing import Any, List

from airflow.plugins_manager import AirflowPlugin


class AstronomerPlugin(AirflowPlugin):
    """Only the webserver asks for the blueprints; task processes load the plugin, but not Flask."""

    name = "astronomer"

    # The base class has an empty list here.
    @cached_property
    def flask_blueprints(self) -> List[Any]:  # type: ignore[override]
        from astronomer.runtime.audit import api_log
        from astronomer.runtime.security import watch
        from astronomer.runtime.ui import blueprint

        return [watch.blueprint(), api_log.blueprint(), blueprint.blueprint()]
