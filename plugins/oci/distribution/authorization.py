"""Answers a registry's challenges, by Basic authentication or with bearer tokens.

Source: distribution/distribution, docs/spec/auth/token.md and oauth.md; RFC 6750 and RFC 7617.
"""

from __future__ import annotations

import base64
import math
import re
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

import requests
from oci.distribution.address import RegistryAddress
from oci.distribution.challenges import Challenge, parse_challenges
from oci.distribution.docker_config import Credentials
from oci.distribution.errors import RegistryError, TryAgain
from oci.distribution.patience import requested_pause
from requests.auth import AuthBase

Scopes = Tuple[str, ...]
"""What a request needs, such as `repository:astro-runtime:pull,push`."""

_CLIENT = "astro-runtime"
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header."""

_DEFAULT_SECONDS = 60.0
"""How long a token is good that does not say so. Source: token.md."""

_ATTEMPTS = 5
"""How often a request is sent at most, with one header after another."""

_SCOPE = re.compile(r"[!-~]{1,300}")


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


@dataclass(frozen=True)
class _Offer:
    """A way to be believed that the registry offers and we know."""

    scheme: str
    """`basic` or `bearer`."""

    realm: str = ""
    """Of a token: where it is had."""

    service: str = ""

    @property
    def order(self) -> int:
        """Tokens first, which do not tell the registry the password."""
        if self.scheme == "basic":
            return 1
        return 0 if self.realm else 2


def _offer(challenge: Challenge) -> _Offer:
    if challenge.scheme == "basic":
        return _Offer("basic")
    parameters = challenge.parameters
    return _Offer("bearer", parameters.get("realm", ""), parameters.get("service", ""))


class Authorizer:
    """Knows how one registry wants to be asked.

    Args:
        address: The registry.
        find_credentials: Called once, when the registry first asks.
        send: Sends a request to a token server: method, URL, and keywords of `requests`.
    """

    def __init__(
        self,
        address: RegistryAddress,
        find_credentials: Callable[[], Optional[Credentials]],
        send: Callable[..., requests.Response],
    ) -> None:
        self._address = address
        self._find_credentials = find_credentials
        self._send = send
        self._lock = threading.Lock()
        self._asked = False
        self._found: Optional[Credentials] = None
        self._offers: List[_Offer] = []
        self._refused_offers: List[_Offer] = []
        self._tokens: Dict[Scopes, _Token] = {}
        self._wider: Dict[Scopes, Scopes] = {}
        """What the registry asked for beyond the scopes of a request."""

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
            for offer in self._offers:
                try:
                    return self._header(offer, scopes)
                except RegistryError:
                    if offer is self._offers[-1]:
                        raise
            return None

    def learn(
        self, response: requests.Response, scopes: Scopes, refused: Sequence[Optional[str]]
    ) -> bool:
        """Read the challenges of a 401 answer; say whether a new header may do better.

        Args:
            response: The answer.
            scopes: What the request needs.
            refused: The headers that the request was sent with so far.

        Raises:
            RegistryError: It asks for what we cannot give.
        """
        challenges = parse_challenges(response.headers.get("WWW-Authenticate", ""))
        known = [each for each in challenges if each.scheme in ("basic", "bearer")]
        named = sorted({_offer(each): None for each in known}, key=lambda offer: offer.order)
        with self._lock:
            offers = named or list(self._offers)
            self._offers = [each for each in offers if each not in self._refused_offers]
            while self._offers and len(refused) < _ATTEMPTS:
                offer = self._offers[0]
                if offer.scheme == "basic":
                    if self._credentials() and self._header(offer, scopes) not in refused:
                        return True
                elif self._may_have_better_token(known, scopes, refused):
                    return True
                self._offers.remove(offer)
                self._refused_offers.append(offer)
            # So that errors and later requests are about what the registry asks for.
            self._offers, self._refused_offers = offers, []
            return False

    def _may_have_better_token(
        self, challenges: Sequence[Challenge], scopes: Scopes, refused: Sequence[Optional[str]]
    ) -> bool:
        credentials = self._credentials()
        if credentials is not None and credentials.registry_token:
            return f"Bearer {credentials.registry_token}" not in refused
        token = self._tokens.get(scopes)
        if token is None:
            # Or else none could be had, and the next offer was tried.
            return not any(header and header.startswith("Basic ") for header in refused)
        if token.header not in refused:
            # Another thread has renewed it.
            return True
        if sum(1 for header in refused if header and header.startswith("Bearer ")) > 1:
            return False
        del self._tokens[scopes]
        self._wider[scopes] = tuple(_beyond(challenges, scopes))
        return True

    def _header(self, offer: _Offer, scopes: Scopes) -> Optional[str]:
        credentials = self._credentials()
        if offer.scheme == "basic":
            if credentials is None or not credentials.username:
                return None
            return _basic(credentials)
        if credentials is not None and credentials.registry_token:
            return f"Bearer {credentials.registry_token}"
        token = self._tokens.get(scopes)
        if token is None or token.good_until < time.monotonic():
            wanted = (*scopes, *self._wider.get(scopes, ()))
            token = self._fetch(offer, wanted, credentials)
            self._tokens[scopes] = token
        return token.header

    def _credentials(self) -> Optional[Credentials]:
        if not self._asked:
            self._found = self._find_credentials()
            self._asked = True
        return self._found

    def _fetch(self, offer: _Offer, scopes: Scopes, credentials: Optional[Credentials]) -> _Token:
        realm = self._realm(offer)
        service = {"service": offer.service} if offer.service else {}
        if credentials is not None and credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                **service,
                "client_id": _CLIENT,
                "scope": " ".join(scopes),
                "refresh_token": credentials.identity_token,
            }
            # A redirect would take the token along to wherever it points.
            response = self._send(
                "POST", realm, data=form, auth=Authorization(None), allow_redirects=False
            )
        else:
            query: Dict[str, Any] = {**service, "scope": list(scopes)}
            header = None
            if credentials is not None and credentials.username:
                query["account"] = credentials.username
                header = _basic(credentials)
            response = self._send("GET", realm, params=query, auth=Authorization(header))
        return self._read(response, realm)

    def _realm(self, offer: _Offer) -> str:
        """Where to go for a token.

        Raises:
            RegistryError: To where the password is not safe.
        """
        realm = offer.realm
        try:
            scheme = urlsplit(realm).scheme
            if scheme == "http":
                realm = self._address.localized(realm) or realm
                scheme = urlsplit(realm).scheme
        except ValueError:
            scheme = ""
        base_url = self._address.base_url
        # A registry that is reached safely cannot have us tell the password to everybody.
        if scheme != "https" and (scheme != "http" or base_url.startswith("https:")):
            raise RegistryError(
                f"{base_url} sends us for a token to {realm!r:.200}, which is not https: "
                "mend the registry's configuration."
            )
        return realm

    def _read(self, response: requests.Response, realm: str) -> _Token:
        host = urlsplit(realm).netloc
        if response.status_code == 429 or response.status_code >= 500:
            raise TryAgain(
                f"the token server {host} answered {response.status_code}",
                requested_pause(response.headers),
            )
        if response.status_code != 200:
            whom = f"the credentials of {self.user}" if self.user else "a token without credentials"
            raise RegistryError(
                f"{self._address.name}: the token server {host} refuses {whom} "
                f"({response.status_code}): log in with `docker login {self._address.name}` as an "
                "account that may push."
            )
        try:
            content = response.json()
            token = str(content.get("token") or content["access_token"])
            if not _TOKEN.fullmatch(token):
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RegistryError(
                f"{self._address.name}: the token server {host} gave an answer without token: mend "
                "its configuration."
            ) from None
        seconds = _good_for(content.get("expires_in"))
        # It must not end while a chunk is on its way.
        return _Token(f"Bearer {token}", time.monotonic() + seconds * 0.8)


def _good_for(seconds: object) -> float:
    """How many seconds a token is good; what says nothing sensible of it counts as silence."""
    try:
        number = float(seconds)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return _DEFAULT_SECONDS
    return number if number > 0 and math.isfinite(number) else _DEFAULT_SECONDS


def _beyond(challenges: Sequence[Challenge], scopes: Scopes) -> List[str]:
    """What challenges ask for that scopes do not say."""
    granted = {(name, action) for name, actions in map(_split, scopes) for action in actions}
    return [
        scope
        for challenge in challenges
        for scope in challenge.parameters.get("scope", "").split()
        for name, actions in [_split(scope)]
        if _SCOPE.fullmatch(scope) and not {(name, action) for action in actions} <= granted
    ]


def _split(scope: str) -> Tuple[str, List[str]]:
    """The resource of a scope, and the actions on it."""
    name, _, actions = scope.rpartition(":")
    return name, actions.split(",")
