from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import List, Tuple

import pytest
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.conftest import HttpServer, airflow_3, serving
from astronomer.runtime.health.result import Health
from astronomer.runtime.health.webserver import API_SERVER, WEBSERVER, address_of, check_server

NOTHING = {"AIRFLOW_HOME": "/nonexistent"}
"""The variables of a component without any choices."""

HEALTHY = b'{"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}'
NO_DATABASE = b'{"metadatabase": {"status": "unhealthy"}}'


@pytest.fixture
def server(http_server: HttpServer) -> HttpServer:
    http_server.body = HEALTHY
    return http_server


def check(server: HttpServer, **environ: str) -> Health:
    argv = ["webserver", "--port", str(server.port)]
    return check_server(WEBSERVER, argv, {**NOTHING, **environ}, 5)


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
    health = check_server(WEBSERVER, ["airflow", "webserver", "--port=9"], NOTHING, 5)
    assert not health.passes(live=True)


OPTIONS: List[Tuple[List[str], str]] = [
    ([], "127.0.0.1 port 8080"),
    (["-p", "80"], "127.0.0.1 port 80"),
    (["-p80"], "127.0.0.1 port 80"),
    (["-p=80"], "127.0.0.1 port 80"),
    (["-dp80"], "127.0.0.1 port 80"),
    (["--port=81"], "127.0.0.1 port 81"),
    (["webserver", "--port", "82", "--workers", "4"], "127.0.0.1 port 82"),
    (["webserver", "--po", "83", "-w4"], "127.0.0.1 port 83"),
    (["-H", "127.0.0.2"], "127.0.0.2 port 8080"),
    (["-H127.0.0.2", "-p", "1", "-p", "2"], "127.0.0.2 port 2"),
    (["--hostname=[::1]"], "::1 port 8080"),
    (["--host", "::"], "::1 port 8080"),
]


@pytest.mark.parametrize("argv, address", OPTIONS)
def test_where_it_listens_is_the_command_s_word(argv: List[str], address: str) -> None:
    assert str(address_of(argv, Sources(NOTHING))) == address


@pytest.mark.parametrize("argv", [option for option, _ in OPTIONS if "--host" not in option])
def test_airflow_takes_these_options_the_same_way(argv: List[str]) -> None:
    from airflow.cli import cli_parser

    options = cli_parser.get_parser().parse_args(
        ["webserver", *(word for word in argv if word != "webserver")]
    )
    found = address_of(argv, Sources(NOTHING))
    assert found.port == options.port
    assert found.host in (options.hostname.strip("[]"), "127.0.0.1")


@pytest.mark.parametrize(
    "argv, secure",
    [
        (["--ssl-cert=FILE"], True),
        (["--ssl-cert", "FILE"], True),
        (["--ssl-c", "FILE"], True),
        (["--ssl-key=FILE"], False),
        ([], False),
    ],
)
def test_a_certificate_means_tls(argv: List[str], secure: bool) -> None:
    assert address_of(argv, Sources(NOTHING)).secure is secure


@pytest.mark.parametrize("in_file", [False, True])
def test_what_the_command_does_not_say_the_options_do(tmp_path: Path, in_file: bool) -> None:
    values = {
        "web_server_port": "8888",
        "web_server_host": "::1",
        "web_server_ssl_cert": "/c",
    }
    environ = {"AIRFLOW_HOME": str(tmp_path)}
    if in_file:
        lines = "".join(f"{name} = {value}\n" for name, value in values.items())
        (tmp_path / "airflow.cfg").write_text(f"[webserver]\n{lines}")
    else:
        environ.update((f"AIRFLOW__WEBSERVER__{n.upper()}", value) for n, value in values.items())
    assert address_of([], Sources(environ)) == ("::1", 8888, True, False)


def test_the_base_url_may_stand_in_a_file(tmp_path: Path, server: HttpServer) -> None:
    (tmp_path / "airflow.cfg").write_text("[webserver]\nbase_url = https://host/team\n")
    assert check(server, AIRFLOW_HOME=str(tmp_path)).healthy
    assert [asked.path for asked in server.asked] == ["/team/health"]


def test_the_options_of_airflow_3_are_of_another_section(tmp_path: Path) -> None:
    installed = airflow_3(tmp_path)
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__API__SSL_CERT": "/c"}
    (tmp_path / "airflow.cfg").write_text("[api]\nport = 81\n[webserver]\nweb_server_host = ::\n")
    assert address_of([], Sources(environ, installed)) == ("::1", 81, True, False)
    environ["AIRFLOW__API__SSL_CERT_REQS"] = "required"
    assert address_of([], Sources(environ, installed)).closed
    assert not address_of(["--ssl-cert-reqs=none"], Sources(environ, installed)).closed


def test_a_port_that_is_none_is_told(tmp_path: Path) -> None:
    health = check_server(WEBSERVER, ["-p", "http"], NOTHING, 5)
    assert not health.healthy
    assert "the port is 'http'" in health.reason


def test_a_server_of_one_address_is_asked_there() -> None:
    with serving("127.0.0.2") as server:
        server.body = HEALTHY
        argv = ["webserver", "-p", str(server.port)]
        environ = {**NOTHING, "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.2"}
        assert check_server(WEBSERVER, argv, environ, 5).healthy
        assert not check_server(WEBSERVER, argv, NOTHING, 5).healthy


def test_a_server_with_tls_is_asked_by_tls(tmp_path: Path, server: HttpServer) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    assert not check(server).healthy
    argv = ["webserver", f"-p{server.port}", f"--ssl-cert={certificate}"]
    assert check_server(WEBSERVER, argv, NOTHING, 5).healthy


def test_an_answer_that_drips_is_no_health(dripping_port: int) -> None:
    health = check_server(WEBSERVER, ["webserver", f"-p{dripping_port}"], NOTHING, 1)
    assert not health.passes(live=True)
    assert "does not answer" in health.reason


def test_the_api_server_of_airflow_3_is_asked_under_its_own_path(
    server: HttpServer,
) -> None:
    argv = ["airflow", "api-server", "--port", str(server.port)]

    assert check_server(API_SERVER, argv, NOTHING, 5).healthy
    assert [asked.path for asked in server.asked] == ["/api/v2/monitor/health"]


def self_signed(folder: Path) -> str:
    """A file with a key and its certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "webserver")])
    made = datetime.utcnow()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(encoding))
    return str(path)
