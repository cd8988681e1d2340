"""Answers a registry's challenges, by Basic authentication or with bearer tokens.

Source: distribution/distribution, docs/spec/auth/token.md and oauth.md; RFC 6750 and RFC 7617.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple
from urllib.parse import urlsplit

import requests
from oci.distribution.docker_config import Credentials
from oci.distribution.errors import RegistryError, TryAgain
from requests.auth import AuthBase
from requests.utils import parse_dict_header

Scopes = Tuple[str, ...]
"""What a request needs, such as `repository:astro-runtime:pull,push`."""

_CLIENT = "astro-runtime"
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header."""

_DEFAULT_SECONDS = 60.0
"""How long a token is good that does not say so. Source: token.md."""


class Authorization(AuthBase):
    """Sets the header, or none. It keeps `requests` from taking a password from `~/.netrc`."""

    def __init__(self, header: Optional[str]) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header:
            request.headers["Authorization"] = self._header
        return request


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@dataclass(frozen=True)
class _Token:
    header: str

    good_until: float
    """On the monotonic clock."""


class Authorizer:
    """Knows how one registry wants to be asked.

    Args:
        base_url: The registry.
        find_credentials: Called once, when the registry first asks.
        send: Sends a request to a token server: method, URL, and keywords of `requests`.
    """

    def __init__(
        self,
        base_url: str,
        find_credentials: Callable[[], Optional[Credentials]],
        send: Callable[..., requests.Response],
    ) -> None:
        self._base_url = base_url
        self._find_credentials = find_credentials
        self._send = send
        self._lock = threading.Lock()
        self._asked = False
        self._found: Optional[Credentials] = None
        self._challenge: Optional[Tuple[str, Dict[str, str]]] = None
        self._tokens: Dict[Scopes, _Token] = {}

    @property
    def user(self) -> str:
        """Who we say we are, for errors; empty without credentials."""
        if self._found is None:
            return ""
        return self._found.username or "the stored token"

    def header(self, scopes: Scopes) -> Optional[str]:
        """The header for a request that needs `scopes`, as far as the registry has asked for one.

        Raises:
            RegistryError: No token can be had.
            TryAgain: The token server does not answer.
        """
        with self._lock:
            if self._challenge is None:
                return None
            scheme, parameters = self._challenge
            credentials = self._credentials()
            if scheme == "basic":
                if credentials is None or not credentials.username:
                    return None
                return _basic(credentials)
            if credentials is not None and credentials.registry_token:
                return f"Bearer {credentials.registry_token}"
            token = self._tokens.get(scopes)
            if token is None or token.good_until < time.monotonic():
                token = self._fetch(parameters, scopes, credentials)
                self._tokens[scopes] = token
            return token.header

    def learn(self, response: requests.Response, scopes: Scopes) -> bool:
        """Read the challenge of a 401 answer; say whether a new header may do better.

        Raises:
            RegistryError: It asks for what we cannot give.
        """
        scheme, _, rest = response.headers.get("WWW-Authenticate", "").partition(" ")
        scheme = scheme.lower()
        if scheme not in ("basic", "bearer"):
            return False
        parameters = {key.lower(): value for key, value in parse_dict_header(rest).items() if value}
        with self._lock:
            first = self._challenge is None
            self._challenge = (scheme, parameters)
            stale = self._tokens.pop(scopes, None)
            if scheme == "basic":
                return first and self._credentials() is not None
            return first or stale is not None

    def _credentials(self) -> Optional[Credentials]:
        if not self._asked:
            self._found = self._find_credentials()
            self._asked = True
        return self._found

    def _fetch(
        self, parameters: Dict[str, str], scopes: Scopes, credentials: Optional[Credentials]
    ) -> _Token:
        realm = parameters.get("realm", "")
        try:
            scheme = urlsplit(realm).scheme
        except ValueError:
            scheme = ""
        # A registry that is reached safely cannot have us tell the password to everybody.
        if scheme != "https" and (scheme != "http" or self._base_url.startswith("https:")):
            raise RegistryError(
                f"{self._base_url} sends us for a token to {realm!r:.200}, which is not https: "
                "mend the registry's configuration."
            )
        service = parameters.get("service", "")
        if credentials is not None and credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "client_id": _CLIENT,
                "scope": " ".join(scopes),
                "refresh_token": credentials.identity_token,
            }
            response = self._send("POST", realm, data=form, auth=Authorization(None))
        else:
            query: Dict[str, Any] = {"service": service, "scope": list(scopes)}
            header = None
            if credentials is not None and credentials.username:
                query["account"] = credentials.username
                header = _basic(credentials)
            response = self._send("GET", realm, params=query, auth=Authorization(header))
        return self._read(response, realm)

    def _read(self, response: requests.Response, realm: str) -> _Token:
        host = urlsplit(realm).netloc
        if response.status_code == 429 or response.status_code >= 500:
            raise TryAgain(f"the token server {host} answered {response.status_code}")
        if response.status_code != 200:
            whom = f"the credentials of {self.user}" if self.user else "a token without credentials"
            raise RegistryError(
                f"{urlsplit(self._base_url).netloc}: the token server {host} refuses {whom} "
                f"({response.status_code}): log in with `docker login` as an account that may push."
            )
        try:
            content = response.json()
            token = str(content.get("token") or content["access_token"])
            seconds = float(content.get("expires_in") or _DEFAULT_SECONDS)
            if not _TOKEN.fullmatch(token):
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise RegistryError(f"The token server {host} gave an answer without token.") from None
        # It must not end while a chunk is on its way.
        return _Token(f"Bearer {token}", time.monotonic() + seconds * 0.8)
