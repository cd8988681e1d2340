"""Where the metadata database is, as the driver would look for it.

SQLAlchemy makes of the URL what it would give the driver: hosts also stand in the URL's options,
and some of those name a socket, a file or a service in place of a host.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple

from astronomer.runtime import database
from astronomer.runtime.entrypoint.url import Address, check_port, no_url, wrong_port
from astronomer.runtime.errors import ConfigurationError

# Source: the drivers' own defaults. One without a port, as Oracle's, is not waited for.
_PORTS = {"mariadb": 3306, "mssql": 1433, "mysql": 3306, "postgresql": 5432}

_DEFAULT_HOST = "the default host of its driver"

_ODBC_SERVER = re.compile(r"(?:^|;)\s*(?:server|address|addr)\s*=\s*([^;]*)", re.IGNORECASE)


class DatabaseServer(NamedTuple):
    """A server that a database's URL names."""

    is_postgres: bool

    place: str
    """What it is called in messages: `host:port`, several joined by "or"."""

    addresses: tuple[Address, ...]
    """Where one of them listens; empty where only the driver knows."""

    hosts: int
    """How many the driver tries, one after the other."""


def database_server(url: str, variable: str, environ: Mapping[str, str]) -> DatabaseServer | None:
    """The server of a database; None where there is none, or only Airflow can tell.

    Args:
        url: The URL that Airflow gives to SQLAlchemy.
        variable: Where it stands, for messages.
        environ: The driver's variables.

    Raises ConfigurationError, which never holds the URL, where it is none.
    """
    try:
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # type: ignore[import]
    except ImportError:
        return None

    try:
        parsed = database.url_of(url)
    except ArgumentError:
        raise no_url(variable) from None
    except ValueError:
        # SQLAlchemy looks for a number in the place of the port.
        raise wrong_port(variable) from None
    name = parsed.get_backend_name()
    if name == "sqlite":
        return None
    if name == "postgresql":
        try:
            arguments = database.driver_arguments(parsed)
        except (NoSuchModuleError, ImportError):
            return None
        except (ArgumentError, ValueError):
            # Of SQLAlchemy 2, for hosts and ports that do not belong together.
            raise ConfigurationError(
                f"{variable} has hosts and ports that do not belong together; write them as"
                " `host=a,b&port=1,2`."
            ) from None
        return _postgres(arguments, variable, environ)
    addresses = _addresses(parsed, variable)
    if not addresses:
        return None
    return DatabaseServer(False, _alternatives(addresses), addresses, len(addresses))


def _postgres(
    arguments: Mapping[str, Any], variable: str, environ: Mapping[str, str]
) -> DatabaseServer:
    # Source: PostgreSQL's documentation, "Parameter Key Words" and "Environment Variables".
    def find(name: str, of_libpq: str) -> list[str]:
        value = str(arguments.get(name) or environ.get(of_libpq) or "")
        return value.split(",") if value else []

    hosts = find("host", "PGHOST") or find("hostaddr", "PGHOSTADDR")
    # SQLAlchemy before 2.0 gives the driver a list of those that stand there several times, which
    # the driver refuses.
    ports = [] if isinstance(arguments.get("port"), (list, tuple)) else find("port", "PGPORT")
    for port in filter(None, ports):
        check_port(port, variable)
    if not hosts:
        service = "".join(find("service", "PGSERVICE"))
        place = f"service '{service}'" if service else _DEFAULT_HOST
        return DatabaseServer(True, place, (), 1)
    if len(ports) != len(hosts):
        ports = (ports or [""])[:1] * len(hosts)
    numbers = [int(port) if port else _PORTS["postgresql"] for port in ports]
    addresses = tuple(
        Address(f"{host}/.s.PGSQL.{port}", 0) if host.startswith("/") else Address(host, port)
        for host, port in zip(hosts, numbers)
        if host
    )
    place = _alternatives(addresses) or _DEFAULT_HOST
    return DatabaseServer(True, place, addresses, len(hosts))


def _addresses(url: Any, variable: str) -> tuple[Address, ...]:
    """Where a server of another kind listens; empty where that cannot be told."""
    name = url.get_backend_name()
    options = {
        key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()
    }
    host, port = options.get("host") or url.host, options.get("port") or url.port
    if port:
        check_port(str(port), variable)
    if name in ("mysql", "mariadb"):
        is_local = host in (None, "localhost")
        # Its C library goes to the socket for this machine, and to the port for any other.
        if "unix_socket" in options and (is_local or _driver(url) != "mysqldb"):
            return (Address(options["unix_socket"], 0),)
        if is_local and _driver(url) == "mysqldb":
            return ()
    if name == "mssql" and _driver(url) == "pyodbc":
        if "odbc_connect" in options:
            return _odbc_addresses(options["odbc_connect"])
        # A host without a database is the name of a source in odbc.ini.
        if "dsn" in options or not url.database:
            return ()
    port = port or _PORTS.get(name)
    if not host or not port or "\\" in host:
        return ()
    return (Address(host, int(port)),)


def _odbc_addresses(text: str) -> tuple[Address, ...]:
    # Source: Microsoft's documentation of the ODBC driver, "DSN and connection string keywords".
    found = _ODBC_SERVER.search(text)
    server = found[1].strip().strip("{}") if found else ""
    host, _, port = re.sub(r"^tcp:", "", server, flags=re.IGNORECASE).partition(",")
    # With the name of an instance, another service tells the port.
    if not host or "\\" in host or ":" in host or not (port.strip() or "1433").isdecimal():
        return ()
    return (Address(host.strip(), int(port.strip() or _PORTS["mssql"])),)


def _driver(url: Any) -> str:
    """The driver's name, as the URL or its dialect says."""
    try:
        return str(url.get_driver_name())
    except Exception:
        # A dialect that is not installed here.
        return ""


def _alternatives(addresses: tuple[Address, ...]) -> str:
    return " or ".join(map(str, addresses))
