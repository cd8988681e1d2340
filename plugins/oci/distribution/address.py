"""Where a registry is, and what Docker's configuration calls it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Optional, Tuple
from urllib.parse import urlsplit

from oci.distribution.errors import RegistryError

_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?P<port>:[0-9]{1,5})?")

# Docker's own registry answers at another host than its name says, and has a name of its own in
# Docker's configuration. Source: distribution/reference and docker/cli, cli/config.
_DOCKER_HUB = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_DOCKER_HUB_HOST = "registry-1.docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65535


@dataclass(frozen=True)
class RegistryAddress:
    """A registry."""

    name: str
    """As references to images write it: `registry.example.com:5000`."""

    base_url: str
    """`https://registry.example.com:5000`."""

    config_key: str
    """The name that Docker's configuration and credential helpers know it by."""

    def localized(self, url: str) -> Optional[str]:
        """An address that the registry gave, if it is one of its own, as it is reached from here.

        Registries behind a proxy often do not know that they are reached by https, and write the
        default port, or none.

        Returns:
            None where the address is another server's.

        Raises:
            ValueError: It is none.
        """
        scheme, host, port = _origin(url)
        our_scheme, our_host, our_port = _origin(self.base_url)
        both_default = (port, our_port) == (
            _DEFAULT_PORTS.get(scheme),
            _DEFAULT_PORTS[our_scheme],
        )
        if host != our_host or (port != our_port and not both_default):
            return None
        ours = urlsplit(self.base_url)
        return urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()

    def names(self, key: str) -> Optional[str]:
        """What follows the host in a key of Docker's configuration that is about this registry.

        Returns:
            A path without slashes around it: a version of the protocol, as older versions of
            Docker write, a namespace, as other tools do, or nothing. None where the key is another
            registry's.
        """
        host, _, path = key.rpartition("://")[2].partition("/")
        theirs, ours = self._canonical(host), self._canonical(self.name)
        return path.strip("/") if theirs == ours else None

    def _canonical(self, host: str) -> str:
        host = host.lower()
        scheme = self.base_url.partition("://")[0]
        host = _without_suffix(host, f":{_DEFAULT_PORTS[scheme]}")
        return "docker.io" if host in _DOCKER_HUB else host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_suffix(text: str, suffix: str) -> str:
    return text[: -len(suffix)] if text.endswith(suffix) else text


def parse_address(text: str, plain_http: bool = False) -> RegistryAddress:
    """Read a registry's address: a host, with a port and a scheme if need be.

    Without a scheme it is https, but for registries on the loopback interface and those that are
    declared to speak plain http.

    Raises:
        RegistryError: It is not a valid address, or plain http where that is not allowed.
    """
    scheme, separator, name = text.rpartition("://")
    scheme = scheme.lower()
    match = _HOST.fullmatch(name)
    port = int((match["port"] or ":0")[1:]) if match else 0
    if not match or port > _LARGEST_PORT or (separator and scheme not in _DEFAULT_PORTS):
        raise RegistryError(
            f"The registry address '{text}' is not a host name: write it as 'registry.example.com' "
            "or 'registry.example.com:5000', and what follows it into `repository`."
        )
    plain_allowed = plain_http or _is_loopback(match["host"].lower())
    if scheme == "http" and not plain_allowed:
        raise RegistryError(
            f"The registry address '{text}' would send credentials in plain text: use https, or "
            "set `plain_http = true` for it."
        )
    scheme = scheme or ("http" if plain_allowed else "https")
    host = _without_suffix(name.lower(), f":{_DEFAULT_PORTS[scheme]}")
    if host in _DOCKER_HUB:
        return RegistryAddress("docker.io", f"https://{_DOCKER_HUB_HOST}", _DOCKER_HUB_KEY)
    return RegistryAddress(name, f"{scheme}://{host}", name)


def _origin(url: str) -> Tuple[str, str, int]:
    """Scheme, host and port of a URL, each in its only form.

    Raises:
        ValueError: It is none.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        host = ipaddress.ip_address(host).compressed
    except ValueError:
        # A name.
        pass
    port = _DEFAULT_PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    return parts.scheme, host, port


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False
