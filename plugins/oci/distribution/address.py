"""Where a registry is, and what Docker's configuration calls it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Tuple
from urllib.parse import urlsplit

from oci.distribution.errors import RegistryError

_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?P<port>:[0-9]{1,5})?")

# Docker's own registry answers at another host than its name says, and has a name of its own in
# Docker's configuration. Source: distribution/reference and docker/cli, cli/config.
_DOCKER_HUB = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_DOCKER_HUB_HOST = "registry-1.docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class RegistryAddress:
    """A registry."""

    name: str
    """As references to images write it: `registry.example.com:5000`."""

    base_url: str
    """`https://registry.example.com:5000`."""

    config_key: str
    """The name that Docker's configuration and credential helpers know it by."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parse_address(text: str, plain_http: bool = False) -> RegistryAddress:
    """Read a registry's address: a host, with a port and a scheme if need be.

    Without a scheme it is https, but for registries on the loopback interface and those that are
    declared to speak plain http.

    Raises:
        RegistryError: It is no such address, or plain http where that is not allowed.
    """
    scheme, separator, name = text.rpartition("://")
    match = _HOST.fullmatch(name)
    if not match or (separator and scheme not in ("http", "https")):
        raise RegistryError(
            f"The registry address '{text}' is no host name: write it as 'registry.example.com' or "
            "'registry.example.com:5000', and what follows it into `repository`."
        )
    plain_allowed = plain_http or _is_loopback(match["host"])
    if scheme == "http" and not plain_allowed:
        raise RegistryError(
            f"The registry address '{text}' would send credentials in plain text: use https, or "
            "set `plain_http = true` for it."
        )
    scheme = scheme or ("http" if plain_allowed else "https")
    if name in _DOCKER_HUB:
        return RegistryAddress("docker.io", f"https://{_DOCKER_HUB_HOST}", _DOCKER_HUB_KEY)
    return RegistryAddress(name, f"{scheme}://{name}", name)


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""

    def origin(url: str) -> Tuple[str, str]:
        parts = urlsplit(url)
        return parts.scheme, parts.netloc.lower()

    return origin(one) == origin(other)
