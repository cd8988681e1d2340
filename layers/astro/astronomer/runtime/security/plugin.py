"""The Airflow plugin that sees to it that the platform's security manager is in charge."""

from __future__ import annotations

from functools import cached_property
from typing import Any, List

from airflow.plugins_manager import AirflowPlugin


class AstronomerSecurityPlugin(AirflowPlugin):
    """Adds nothing: a setting that takes the manager away must not open the door silently."""

    name = "astronomer_security"

    @cached_property
    def flask_blueprints(self) -> List[Any]:  # type: ignore[override]
        from astronomer.runtime.security.watch import blueprint

        return [blueprint()]
