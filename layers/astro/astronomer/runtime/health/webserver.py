"""Health of the webserver, and of Airflow 3's API server: it answers."""

from __future__ import annotations

import json
import socket
import ssl
from argparse import ArgumentParser
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Mapping, NamedTuple, NoReturn, Sequence, Tuple
from urllib.parse import urlsplit

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within


class Server(NamedTuple):
    """A component that answers, and the path that says how it is."""

    component: str
    path: str


WEBSERVER = Server("webserver", "/health")
API_SERVER = Server("api-server", "/api/v2/monitor/health")


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int
    secure: bool
    """Whether it speaks TLS."""

    closed: bool = False
    """Whether it lets in only those with a client's certificate."""

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


def check_server(
    server: Server, argv: Sequence[str], environ: Mapping[str, str], seconds: float
) -> Health:
    """Ask a server for its health where it listens.

    Args:
        server: Which one.
        argv: Words of the component's command; its options count.
        environ: Its variables.
        seconds: Bound of the answer, however slowly it comes.
    """
    name, sources = server.component, Sources(environ)
    try:
        address = address_of(argv, sources)
    except ValueError as error:
        return Health(name, False, f"where it listens is not known: {error}")
    # Airflow's own root: what stands after the host in the address that users know.
    path = urlsplit(sources.value("api", "base_url")).path.rstrip("/") + server.path
    try:
        if address.closed:
            within(seconds, lambda: socket.create_connection(address[:2], seconds).close())
            return Health(name, True, f"{address} listens; it wants a client's certificate")
        status, body = within(seconds, lambda: _ask(address, path, seconds))
    except (OSError, HTTPException) as error:
        return Health(name, False, f"{address} does not answer ({type(error).__name__})")
    if status != 200:
        return Health(name, False, f"{path} on {address} answers {status}")
    if not _has_database(body):
        reason = "it answers, and its database does not"
        return Health(name, False, reason, outside=True)
    return Health(name, True, f"{path} on {address} answers")


def address_of(argv: Sequence[str], sources: Sources) -> Address:
    """Where a server listens, as its command and its options say.

    Raises:
        ValueError: They say nothing that can be understood.
    """
    parser = _Parser(add_help=False)
    # Source: airflow/cli/cli_parser.py, and from Airflow 3 airflow/cli/cli_config.py. Shortened
    # options and those that are joined to their value mean there what they mean here.
    parser.add_argument("-p", "--port", default=sources.value("api", "port"))
    parser.add_argument("-H", "--hostname", "--host", default=sources.value("api", "host"))
    parser.add_argument("--ssl-cert", default=sources.value("api", "ssl_cert"))
    if sources.has("api", "ssl_cert_reqs"):
        parser.add_argument("--ssl-cert-reqs", default=sources.value("api", "ssl_cert_reqs"))
    parser.add_argument("-d", "-D", "--debug", "--dev", "--daemon", action="store_true")
    options, _ = parser.parse_known_args(list(argv))
    host = options.hostname.strip("[]")
    try:
        port = int(options.port)
    except ValueError:
        raise ValueError(f"the port is '{options.port}'") from None
    # What listens on all addresses listens on the loopback interface.
    loopback = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}
    secure = bool(options.ssl_cert)
    closed = secure and getattr(options, "ssl_cert_reqs", "") == "required"
    return Address(loopback.get(host, host), port, secure, closed)


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _ask(address: Address, path: str, seconds: float) -> Tuple[int, bytes]:
    if address.secure:
        # The name in the certificate is not the one that is asked here.
        context = ssl._create_unverified_context()
        connection: HTTPConnection = HTTPSConnection(
            address.host, address.port, timeout=seconds, context=context
        )
    else:
        connection = HTTPConnection(address.host, address.port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(65536)
    finally:
        connection.close()


def _has_database(body: bytes) -> bool:
    try:
        return bool(json.loads(body)["metadatabase"]["status"] == "healthy")
    except (ValueError, KeyError, TypeError):
        return True
