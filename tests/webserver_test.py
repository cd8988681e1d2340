"""The first start of a webserver that has a page which the database does not know."""

from __future__ import annotations

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import HOME
from tests.stack.postgres import Database
from tests.stack.webserver import begin, start_webserver
from tests.ui.pages import PLUGIN

_WORKERS = 6

_PERMISSIONS = """
SELECT count(*) FROM ab_permission_view_role
JOIN ab_permission_view ON ab_permission_view.id = permission_view_id
JOIN ab_view_menu ON ab_view_menu.id = view_menu_id
JOIN ab_role ON ab_role.id = role_id
WHERE ab_view_menu.name = 'Weather' AND ab_role.name = 'Admin'
"""


def test_permissions_of_new_pages_are_written_by_one_process(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with start_webserver(
        engine,
        runtime_image,
        database,
        {"AIRFLOW__WEBSERVER__WORKERS": str(_WORKERS)},
        files={f"{HOME}/plugins/weather.py": PLUGIN},
    ) as container:
        begin(container)
        wait_for("all workers", lambda: _ready(container) == _WORKERS, 60, container.logs)
        log = container.logs()

        assert database.query(_PERMISSIONS) != "0"
        assert "UniqueViolation" not in log
        assert "already exists" not in log


def _ready(container: Container) -> int:
    # Airflow puts this before the title of a worker that has made its application.
    return int(container.exec(["pgrep", "--full", "--count", r"^\[ready\]"]).stdout)
