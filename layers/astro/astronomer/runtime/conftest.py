"""Airflow with a database of the tests' own, its plugin, and HTTP servers on loopback.

Airflow reads its environment when it is imported: tests get one of their own before that.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

import pytest

for _name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[_name]
# Removed with the object, when the interpreter ends.
_home = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ["AIRFLOW_HOME"] = _home.name
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"


@pytest.fixture(scope="session")
def airflow_database() -> Iterator[Path]:
    """The file of a migrated sqlite database, which Airflow in this process is connected to."""
    from airflow import settings
    from airflow.utils import db

    db.initdb()
    # Of the engine, as this module is imported under two names, each with a folder.
    yield Path(settings.engine.url.database)
    settings.Session.remove()


@pytest.fixture(scope="session")
def plugin(airflow_database: Path) -> None:
    """Our plugin among Airflow's, for the applications that tests make.

    The sources are not installed as a distribution with entry points, and making the database has
    collected the plugins already.
    """
    from airflow import plugins_manager
    from astronomer.runtime.plugin import AstronomerPlugin

    plugins_manager.ensure_plugins_loaded()
    plugins_manager.plugins = [*(plugins_manager.plugins or ()), AstronomerPlugin()]
    plugins_manager.flask_blueprints = None


class Asked(NamedTuple):
    """A request that a server got."""

    path: str
    headers: Dict[str, str]
    body: bytes

    answered: int
    """The status that it was answered with."""


class HttpServer:
    """Answers every request with `status`, `headers` and `body`, and remembers it."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: Dict[str, str] = {}
        self.body = b""
        self.asked: List[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers, body = dict(self.headers.items()), self.rfile.read(length)
                outer.asked.append(Asked(self.path, headers, body, outer.status))
                self.send_response(outer.asked[-1].answered)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(outer.body)
                except OSError:
                    # The visitor had enough.
                    pass

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[HttpServer]:
    """A server for the block."""
    made = HttpServer()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


@pytest.fixture
def http_server() -> Iterator[HttpServer]:
    """A server for the test."""
    with serving() as made:
        yield made
