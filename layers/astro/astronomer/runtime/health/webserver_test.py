from __future__ import annotations

import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.health.result import Health
from astronomer.runtime.health.webserver import API_SERVER, WEBSERVER, check_server, port_of

HEALTHY = b'{"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}'
NO_DATABASE = b'{"metadatabase": {"status": "unhealthy"}}'


@pytest.fixture
def server(http_server: HttpServer) -> HttpServer:
    http_server.body = HEALTHY
    return http_server


def check(server: HttpServer, **environ: str) -> Health:
    return check_server(WEBSERVER, ["webserver", "--port", str(server.port)], environ, 5)


def test_a_webserver_that_answers_is_healthy_whatever_the_scheduler_does(
    server: HttpServer,
) -> None:
    assert check(server).healthy


def test_the_base_url_s_path_is_asked(server: HttpServer) -> None:
    assert check(server, AIRFLOW__WEBSERVER__BASE_URL="https://host/team/airflow/").healthy
    assert [asked.path for asked in server.asked] == ["/team/airflow/health"]


def test_a_webserver_without_database_is_not_ready_and_need_not_be_restarted(
    server: HttpServer,
) -> None:
    server.body = NO_DATABASE
    health = check(server)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)


def test_an_error_is_no_health(server: HttpServer) -> None:
    server.status = 500
    health = check(server)
    assert not health.passes(live=True)
    assert "answers 500" in health.reason


def test_silence_is_no_health(server: HttpServer) -> None:
    health = check_server(WEBSERVER, ["airflow", "webserver", "--port=9"], {}, 5)
    assert not health.passes(live=True)


@pytest.mark.parametrize(
    "argv, port",
    [([], 8080), (["-p", "80"], 80), (["--port=81"], 81), (["webserver", "--port", "82"], 82)],
)
def test_the_port_is_the_command_s(argv: "list[str]", port: int) -> None:
    assert port_of(WEBSERVER, argv, {}) == port


def test_the_port_may_be_a_variable() -> None:
    assert port_of(WEBSERVER, [], {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "8888"}) == 8888


def test_the_api_server_of_airflow_3_is_asked_under_its_own_path(server: HttpServer) -> None:
    argv = ["airflow", "api-server", "--port", str(server.port)]

    assert check_server(API_SERVER, argv, {}, 5).healthy
    assert [asked.path for asked in server.asked] == ["/api/v2/monitor/health"]
