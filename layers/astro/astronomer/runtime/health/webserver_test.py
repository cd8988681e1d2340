from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator, List

import pytest
from astronomer.runtime.health.webserver import check_webserver, port_of

HEALTHY = b'{"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}'
NO_DATABASE = b'{"metadatabase": {"status": "unhealthy"}}'


class Server:
    def __init__(self) -> None:
        self.status, self.body = 200, HEALTHY
        self.paths: List[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.paths.append(self.path)
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.argv = ["airflow", "webserver", "--port", str(self.server.server_port)]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_webserver_that_answers_is_healthy_whatever_the_scheduler_does(server: Server) -> None:
    assert check_webserver(server.argv, {}, 5).healthy


def test_the_base_url_s_path_is_asked(server: Server) -> None:
    environ = {"AIRFLOW__WEBSERVER__BASE_URL": "https://host/team/airflow/"}
    assert check_webserver(server.argv, environ, 5).healthy
    assert server.paths == ["/team/airflow/health"]


def test_a_webserver_without_database_is_not_ready_and_need_not_be_restarted(
    server: Server,
) -> None:
    server.body = NO_DATABASE
    health = check_webserver(server.argv, {}, 5)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)


def test_an_error_is_no_health(server: Server) -> None:
    server.status = 500
    health = check_webserver(server.argv, {}, 5)
    assert not health.passes(live=True)
    assert "answers 500" in health.reason


def test_silence_is_no_health(server: Server) -> None:
    health = check_webserver(["airflow", "webserver", "--port=9"], {}, 5)
    assert not health.passes(live=True)


@pytest.mark.parametrize(
    "argv, port",
    [([], 8080), (["-p", "80"], 80), (["--port=81"], 81), (["webserver", "--port", "82"], 82)],
)
def test_the_port_is_the_command_s(argv: "list[str]", port: int) -> None:
    assert port_of(argv, {}) == port


def test_the_port_may_be_a_variable() -> None:
    assert port_of([], {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "8888"}) == 8888
