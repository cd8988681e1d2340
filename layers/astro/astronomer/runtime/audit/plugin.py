"""The Airflow plugin that notes changes by the REST API."""

from __future__ import annotations

from functools import cached_property
from typing import Any, List

from airflow.plugins_manager import AirflowPlugin


class AstronomerAuditPlugin(AirflowPlugin):
    """Only the webserver asks for the blueprint; task processes load the plugin, but not Flask."""

    name = "astronomer_audit"

    @cached_property
    def flask_blueprints(self) -> List[Any]:  # type: ignore[override]
        from astronomer.runtime.audit.api_log import blueprint

        return [blueprint()]
