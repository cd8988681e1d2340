"""Templates that stand over Airflow's own and extend them.

Most of Airflow's pages extend `appbuilder.base_template`, but a few name `airflow/main.html`
itself. Answering for that name reaches all of them, those of other plugins included, and leaves
every file as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional, Tuple

from jinja2 import BaseLoader, Environment

ORIGINAL = "astronomer-original/"
"""Our templates reach the one that they stand over by this prefix of its name."""

OVERRIDDEN = {
    "airflow/main.html": "main.html",
    "airflow/traceback.html": "traceback.html",
    "appbuilder/general/widgets/direct_chart.html": "direct_chart.html",
    "appbuilder/navbar_menu.html": "navbar_menu.html",
}
"""Airflow's name of a template, and the file of ours."""

_Source = Tuple[str, Optional[str], Optional[Callable[[], bool]]]


class OverridingLoader(BaseLoader):
    """Loads our templates for the names in `OVERRIDDEN`, and all others as before."""

    def __init__(self, folder: Path, original: BaseLoader) -> None:
        """Stand over a loader.

        Args:
            folder: Where our templates are.
            original: The application's own loader.
        """
        self._folder = folder
        self._original = original

    def get_source(self, environment: Environment, template: str) -> _Source:
        """As `jinja2.BaseLoader.get_source`."""
        if template in OVERRIDDEN:
            path = self._folder / OVERRIDDEN[template]
            return path.read_text(encoding="utf-8"), str(path), lambda: True
        if template.startswith(ORIGINAL):
            template = template[len(ORIGINAL) :]
        return self._original.get_source(environment, template)

    def list_templates(self) -> "list[str]":
        """As `jinja2.BaseLoader.list_templates`."""
        return list(self._original.list_templates())
