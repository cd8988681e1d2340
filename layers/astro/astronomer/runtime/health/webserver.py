"""Health of the webserver, and of Airflow 3's API server: it answers."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Mapping, NamedTuple, Sequence
from urllib.parse import urlsplit

from astronomer.runtime.health.result import Health


class Server(NamedTuple):
    """A component that answers, and the variables that say where."""

    component: str
    path: str
    port: str
    certificate: str
    base_url: str


WEBSERVER = Server(
    "webserver",
    "/health",
    "AIRFLOW__WEBSERVER__WEB_SERVER_PORT",
    "AIRFLOW__WEBSERVER__WEB_SERVER_SSL_CERT",
    "AIRFLOW__WEBSERVER__BASE_URL",
)

API_SERVER = Server(
    "api-server",
    "/api/v2/monitor/health",
    "AIRFLOW__API__PORT",
    "AIRFLOW__API__SSL_CERT",
    "AIRFLOW__API__BASE_URL",
)


def check_server(
    server: Server, argv: Sequence[str], environ: Mapping[str, str], seconds: float
) -> Health:
    """Ask a server for its health on the loopback interface.

    Args:
        server: Which one.
        argv: Words of the component's command; `--port` counts.
        environ: Its variables.
        seconds: Bound of the answer.
    """
    name = server.component
    port = port_of(server, argv, environ)
    path = urlsplit(environ.get(server.base_url, "")).path.rstrip("/") + server.path
    secure = bool(environ.get(server.certificate) or "--ssl-cert" in argv)
    try:
        if secure:
            # The name in the certificate is not the loopback's.
            context = ssl._create_unverified_context()
            connection: HTTPConnection = HTTPSConnection(
                "127.0.0.1", port, timeout=seconds, context=context
            )
        else:
            connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(65536)
        connection.close()
    except (OSError, HTTPException) as error:
        return Health(name, False, f"port {port} does not answer ({type(error).__name__})")
    if answer.status != 200:
        return Health(name, False, f"{path} on port {port} answers {answer.status}")
    if not _has_database(body):
        reason = "it answers, and its database does not"
        return Health(name, False, reason, outside=True)
    return Health(name, True, f"{path} on port {port} answers")


def port_of(server: Server, argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """The port that a server listens on."""
    for place, word in enumerate(argv):
        if word in ("-p", "--port") and place + 1 < len(argv):
            return int(argv[place + 1])
        if word.startswith("--port="):
            return int(word[len("--port=") :])
    return int(environ.get(server.port) or 8080)


def _has_database(body: bytes) -> bool:
    try:
        return bool(json.loads(body)["metadatabase"]["status"] == "healthy")
    except (ValueError, KeyError, TypeError):
        return True
