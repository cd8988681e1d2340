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
    (?: \? (?P<query>.*) )?
    """,
    re.VERBOSE | re.DOTALL,
)


class Address(NamedTuple):
    """Where a service listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ServiceUrl(NamedTuple):
    """The parts of a URL that say where a service is; never its credentials."""

    scheme: str
    """In lower case, with the driver if one is named: `postgresql+psycopg2`."""

    host: str
    """Empty when the URL names none."""

    port: int | None
    """None when the URL names none."""

    query: str
    """What follows `?`; empty when there is none."""


def parse(value: str, variable: str) -> ServiceUrl:
    """Take a URL apart.

    Raises ConfigurationError, which names the variable and never the value, since a password may
    be part of it.
    """
    match = _URL.fullmatch(value)
    if match is None:
        raise ConfigurationError(
            f"{variable} is not a URL; write it as scheme://user:password@host:port/name, "
            "with special characters of the password percent-encoded."
        )
    port = match["port"]
    if port and not (port.isdecimal() and port.isascii() and 0 < int(port) < 65536):
        raise ConfigurationError(
            f"{variable} has a port that is not a number from 1 to 65535; write it as "
            "scheme://user:password@host:port/name, with special characters of the password "
            "percent-encoded."
        )
    return ServiceUrl(
        scheme=match["scheme"].lower(),
        host=match["ipv6"] or match["host"] or "",
        port=int(port) if port else None,
        query=match["query"] or "",
    )
