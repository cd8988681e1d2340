"""The first start of webservers that have a page which the database does not know."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import HOME
from tests.stack.postgres import Database
from tests.stack.webserver import PORT, let_start, start_webserver, wait_until_it_serves
from tests.ui.pages import PLUGIN

_WORKERS = 4

_PERMISSIONS = """
SELECT count(*) FROM ab_permission_view_role
JOIN ab_permission_view ON ab_permission_view.id = permission_view_id
JOIN ab_view_menu ON ab_view_menu.id = view_menu_id
JOIN ab_role ON ab_role.id = role_id
WHERE ab_view_menu.name = 'Weather' AND ab_role.name = 'Admin'
"""


def test_permissions_of_new_pages_are_written_by_one_process_at_a_time(
    engine: Engine, runtime_image: str, database: Database
) -> None:
    with ExitStack() as stack:
        containers = {
            port: stack.enter_context(
                start_webserver(
                    engine,
                    runtime_image,
                    database,
                    {
                        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
                        "AIRFLOW__WEBSERVER__WORKERS": str(_WORKERS),
                    },
                    files={f"{HOME}/plugins/weather.py": PLUGIN},
                )
            )
            for port in (PORT, PORT + 1)
        }
        for container in containers.values():
            let_start(container)
        for port, container in containers.items():
            wait_until_it_serves(container, port)
            wait_for("all workers", partial(_all_ready, container), 60, container.logs)
        logs = "".join(container.logs() for container in containers.values())

        assert database.query(_PERMISSIONS) != "0"
        assert "UniqueViolation" not in logs
        assert "already exists" not in logs


def _all_ready(container: Container) -> bool:
    # Airflow puts this before the title of a worker that has made its application.
    ready = container.exec(["pgrep", "--full", "--count", r"^\[ready\]"])
    return int(ready.stdout) == _WORKERS
