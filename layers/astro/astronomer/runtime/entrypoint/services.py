"""The services that a command needs, and how to see that one answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from astronomer.runtime import database
from astronomer.runtime.entrypoint.database_server import database_server
from astronomer.runtime.entrypoint.settings import Setting
from astronomer.runtime.entrypoint.url import Address, parse
from astronomer.runtime.errors import ConfigurationError

ANSWER_SECONDS = 5
"""How long one try waits for an answer."""

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

    seconds: float = 10
    """How long one try may take."""


def database_service(
    connection: Setting, has_connect_arguments: bool, environ: Mapping[str, str]
) -> Service | None:
    """The metadata database as something to wait for.

    `has_connect_arguments` says that Airflow gives the driver more than the URL, so that only the
    port can be tried. `environ` has the driver's own variables. None for a database without a
    server, and where the URL names no place that could be tried. Raises ConfigurationError for a
    URL that cannot be understood.
    """
    server = database_server(connection.value, connection.variable, environ)
    if server is None:
        return None
    if not server.is_postgres or has_connect_arguments:
        if not server.addresses:
            return None
        return _listening("database", server.addresses, connection.variable)

    # Postgres listens before it serves, and which of several servers is used the driver decides: so
    # only a real connection tells.
    def probe() -> str | None:
        try:
            return database.refusal(connection.value, ANSWER_SECONDS)
        except database.WrongOption as error:
            raise ConfigurationError(
                f"{connection.variable} has an option that the database's driver refuses: {error}."
            ) from None

    # The driver's bound is for each address of each host, and names mostly have two.
    seconds = 2 * server.hosts * database.connect_seconds(connection.value, ANSWER_SECONDS, environ)
    return Service("database", server.place, connection.variable, probe, seconds)


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
        if address.port:
            socket.create_connection(address, timeout=ANSWER_SECONDS).close()
        else:
            with socket.socket(socket.AF_UNIX) as local:
                local.settimeout(ANSWER_SECONDS)
                local.connect(address.host)
    except ConnectionRefusedError:
        return "connection refused"
    except socket.gaierror:
        return "the name of the host is not known"
    except socket.timeout:
        return "no answer"
    except FileNotFoundError:
        return database.NO_SOCKET
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or "the host cannot be reached").lower()
    return None


def _alternatives(addresses: Sequence[Address]) -> str:
    return " or ".join(str(address) for address in addresses)
