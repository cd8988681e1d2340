"""The Airflow plugin of the UI."""

from __future__ import annotations

from functools import cached_property
from typing import Any, List

from airflow.plugins_manager import AirflowPlugin


class AstronomerUiPlugin(AirflowPlugin):
    """Only the webserver asks for the blueprint; task processes load the plugin, but not Flask."""

    name = "astronomer_ui"

    # mypy: the base class has an empty list here.
    @cached_property
    def flask_blueprints(self) -> List[Any]:  # type: ignore[override]
        from astronomer.runtime.ui.blueprint import blueprint

        return [blueprint()]
