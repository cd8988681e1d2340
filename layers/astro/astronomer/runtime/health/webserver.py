"""Health of the webserver: it answers."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Mapping, Sequence
from urllib.parse import urlsplit

from astronomer.runtime.health.result import Health

_PORT = "AIRFLOW__WEBSERVER__WEB_SERVER_PORT"
_CERTIFICATE = "AIRFLOW__WEBSERVER__WEB_SERVER_SSL_CERT"
_BASE_URL = "AIRFLOW__WEBSERVER__BASE_URL"


def check_webserver(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> Health:
    """Ask for `/health` on the loopback interface.

    Args:
        argv: Words of the component's command; `--port` counts.
        environ: Its variables.
        seconds: Bound of the answer.
    """
    port = port_of(argv, environ)
    path = urlsplit(environ.get(_BASE_URL, "")).path.rstrip("/") + "/health"
    secure = bool(environ.get(_CERTIFICATE) or "--ssl-cert" in argv)
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
        return Health("webserver", False, f"port {port} does not answer ({type(error).__name__})")
    if answer.status != 200:
        return Health("webserver", False, f"{path} on port {port} answers {answer.status}")
    if not _has_database(body):
        reason = "it answers, and its database does not"
        return Health("webserver", False, reason, outside=True)
    return Health("webserver", True, f"{path} on port {port} answers")


def port_of(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """The port that a webserver listens on."""
    for place, word in enumerate(argv):
        if word in ("-p", "--port") and place + 1 < len(argv):
            return int(argv[place + 1])
        if word.startswith("--port="):
            return int(word[len("--port=") :])
    return int(environ.get(_PORT) or 8080)


def _has_database(body: bytes) -> bool:
    try:
        return bool(json.loads(body)["metadatabase"]["status"] == "healthy")
    except (ValueError, KeyError, TypeError):
        return True
