"""Airflow with a database of the tests' own, its plugin, and servers on loopback.

Airflow reads its environment when it is imported: tests get one of their own before that.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

import pytest
from astronomer.runtime.testing.postgres import PostgresServer

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
    # As Airflow says: pytest may import this file under two names, and so make two homes.
    yield Path(settings.engine.url.database)
    settings.Session.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server whose databases are the tests' own; they leave it as they find it."""
    server = PostgresServer()
    yield server
    server.remove()


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

    def __init__(self, host: str = "127.0.0.1") -> None:
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

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://{host}:{self.port}"


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[HttpServer]:
    """A server for the block, on an address of the loopback interface."""
    made = HttpServer(host)
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


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that accepts connections on loopback, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.fixture
def dripping_port(listener: socket.socket) -> Iterator[int]:
    """A port of loopback whose one answer comes a byte at a time, and has no end."""
    ended = threading.Event()

    def drip() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                while not ended.wait(0.1):
                    connection.sendall(b"H")
        except OSError:
            # The visitor had enough.
            return

    thread = threading.Thread(target=drip)
    thread.start()
    yield port_of(listener)
    ended.set()
    thread.join()


@pytest.fixture
def free_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def migrated_database(path: Path, *revisions: str) -> str:
    """Make a sqlite database that Alembic has noted these revisions in; return its URL."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        for revision in revisions:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.close()
    return f"sqlite:///{path}"


_AIRFLOW_3_OPTIONS = """
api:
  options:
    base_url: {default: ~}
    host: {default: "0.0.0.0"}
    port: {default: "8080"}
    ssl_cert: {default: ""}
    ssl_cert_reqs: {default: ~}
    workers: {default: "1"}
core:
  options:
    default_pool_task_slot_count: {default: "128"}
    executor: {default: LocalExecutor}
    hostname_callable: {default: airflow.utils.net.getfqdn}
    max_active_tasks_per_dag: {default: "16"}
    parallelism: {default: "32"}
dag_processor:
  options:
    health_check_threshold: {default: "30"}
    parsing_processes: {default: "2"}
database:
  options:
    sql_alchemy_conn: {default: "sqlite:///{AIRFLOW_HOME}/airflow.db"}
    sql_alchemy_schema: {default: ""}
scheduler:
  options:
    scheduler_health_check_threshold: {default: "30"}
triggerer:
  options:
    triggerer_health_check_threshold: {default: "30"}
"""


def airflow_3(folder: Path) -> Path:
    """The package of an Airflow 3, as far as its list of options is read: some of Airflow 3.3's."""
    templates = folder / "airflow-3" / "config_templates"
    templates.mkdir(parents=True)
    (templates / "default_airflow.cfg").write_text("# Moved to config.yml.\n")
    (templates / "config.yml").write_text(_AIRFLOW_3_OPTIONS)
    providers = "[celery]\nworker_concurrency = 16\nbroker_url = redis://redis:6379/0\n"
    (templates / "provider_config_fallback_defaults.cfg").write_text(providers)
    return templates.parent
