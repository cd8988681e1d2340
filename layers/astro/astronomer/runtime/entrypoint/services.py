"""The services that a command needs, and how to see that one answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs

from astronomer.runtime import database
from astronomer.runtime.entrypoint.settings import Setting
from astronomer.runtime.entrypoint.url import Address, ServiceUrl, parse

ANSWER_SECONDS = 5
"""How long one try waits for an answer."""

_DATABASE_PORTS = {
    "mariadb": 3306,
    "mssql": 1433,
    "mysql": 3306,
    "postgres": 5432,
    "postgresql": 5432,
}

# Source: kombu/transport/__init__.py and the `default_port` of each transport.
_BROKER_PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "pyamqp": 5672,
    "redis": 6379,
    "rediss": 6379,
    "sentinel": 26379,
}

Probe = Callable[[], "str | None"]
"""One try to reach a service: None when it is ready, else the reason in a few words."""


class Service(NamedTuple):
    """Something to wait for."""

    kind: str
    """What it is to the user: `database` or `broker`."""

    place: str
    """Where it is: `host:port`, several joined by "or"."""

    variable: str
    """The environment variable that says so."""

    probe: Probe


def database_service(connection: Setting, has_connect_arguments: bool) -> Service | None:
    """The metadata database as something to wait for.

    `has_connect_arguments` says that Airflow gives the driver more than the URL, so that only the
    port can be tried. None for a database without a server, and where the URL names no place that
    could be tried. Raises ConfigurationError for a URL that cannot be understood.
    """
    if connection.value.startswith("sqlite"):
        return None
    url = parse(connection.value, connection.variable)
    dialect = url.scheme.partition("+")[0]
    default_port = _DATABASE_PORTS.get(dialect)
    addresses = [Address(url.host, url.port or default_port or 0)] if url.host else []
    if dialect in ("postgres", "postgresql") and not has_connect_arguments:
        # Postgres listens before it serves, so only a real connection tells; the port is tried
        # first since that says sooner, and without SQLAlchemy, that nothing is there yet.
        place = _alternatives(addresses) or _libpq_hosts(url) or "the default host of its driver"

        def probe() -> str | None:
            return _refusal_of_all(addresses) or database.refusal(connection.value, ANSWER_SECONDS)

        return Service("database", place, connection.variable, probe)
    addresses = [address for address in addresses if address.port]
    return _listening("database", addresses, connection.variable) if addresses else None


def broker_service(broker: Setting) -> Service | None:
    """The Celery broker as something to wait for: any one of the alternatives, joined by `;`.

    None for a transport whose address is not a host and a port, such as `sqs` or `redis+socket`.
    Raises ConfigurationError for a URL that cannot be understood.
    """
    addresses = []
    scheme = ""
    for alternative in filter(None, broker.value.split(";")):
        if "://" not in alternative and scheme:
            alternative = f"{scheme}://{alternative}"
        url = parse(alternative, broker.variable)
        scheme = url.scheme
        if scheme not in _BROKER_PORTS:
            return None
        addresses.append(Address(url.host or "localhost", url.port or _BROKER_PORTS[scheme]))
    return _listening("broker", addresses, broker.variable)


def _listening(kind: str, addresses: Sequence[Address], variable: str) -> Service:
    return Service(kind, _alternatives(addresses), variable, lambda: _refusal_of_all(addresses))


def _refusal_of_all(addresses: Sequence[Address]) -> str | None:
    refused = None
    for address in addresses:
        refused = _refusal(address)
        if refused is None:
            break
    return refused


def _refusal(address: Address) -> str | None:
    try:
        socket.create_connection(address, timeout=ANSWER_SECONDS).close()
    except ConnectionRefusedError:
        return "connection refused"
    except socket.gaierror:
        return "the name of the host is not known"
    except socket.timeout:
        return "no answer"
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or "the host cannot be reached").lower()
    return None


def _alternatives(addresses: Sequence[Address]) -> str:
    return " or ".join(str(address) for address in addresses)


def _libpq_hosts(url: ServiceUrl) -> str:
    # Several hosts, or the folder of a local socket, are given as `?host=`.
    return " or ".join(parse_qs(url.query).get("host", []))
