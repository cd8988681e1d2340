"""URLs of databases and brokers."""

from __future__ import annotations

import re
from typing import NamedTuple

from astronomer.runtime.errors import ConfigurationError

# As lenient with passwords as SQLAlchemy (sqlalchemy/engine/url.py), which Airflow gives the URL:
# one that holds `#`, `/` or `?` as it is works there, and would not with urllib.parse.
_URL = re.compile(
    r"""
    (?P<scheme>[A-Za-z][\w.+-]*) ://
    (?: [^:/@]* (?: : .*? )? @ )?
    (?: \[ (?P<ipv6>[0-9A-Fa-f:.%]+) \] | (?P<host>[^:/?\[\]@]*) )
    (?: : (?P<port>[^/?@]*) )?
    (?: / [^?]* )?
    (?: \? .* )?
    """,
    re.VERBOSE | re.DOTALL,
)


_HOW_TO_WRITE_IT = (
    "write it as scheme://user:password@host:port/name, with special characters of the password"
    " percent-encoded."
)


class Address(NamedTuple):
    """Where a service listens."""

    host: str
    """A name, an address, or the path of a socket of this machine."""

    port: int
    """0 for the path of a socket."""

    def __str__(self) -> str:
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ServiceUrl(NamedTuple):
    """The parts of a URL that say where a service is; never its credentials."""

    scheme: str
    """In lower case, with the driver if one is named: `postgresql+psycopg2`."""

    host: str
    """Empty when the URL names none."""

    port: int | None
    """None when the URL names none."""


def parse(value: str, variable: str) -> ServiceUrl:
    """Take a URL apart.

    Raises ConfigurationError, which names the variable and never the value, since a password may
    be part of it.
    """
    match = _URL.fullmatch(value)
    if match is None:
        raise no_url(variable)
    port = match["port"]
    if port:
        check_port(port, variable)
    return ServiceUrl(
        scheme=match["scheme"].lower(),
        host=match["ipv6"] or match["host"] or "",
        port=int(port) if port else None,
    )


def no_url(variable: str) -> ConfigurationError:
    """What to say of a value that is not a URL."""
    return ConfigurationError(f"{variable} is not a URL; {_HOW_TO_WRITE_IT}")


def check_port(port: str, variable: str) -> None:
    """Raise ConfigurationError where a URL has something else than the number of a port."""
    if not (port.isdecimal() and port.isascii() and 0 < int(port) < 65536):
        raise wrong_port(variable)


def wrong_port(variable: str) -> ConfigurationError:
    """What to say of a URL with something else than a port's number where that belongs."""
    return ConfigurationError(
        f"{variable} has a port that is not a number from 1 to 65535; {_HOW_TO_WRITE_IT}"
    )
