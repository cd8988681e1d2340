"""Checks the platform's tokens.

Source: RFC 7519, and RFC 8725 (the best current practice) for what is refused.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, NamedTuple, Optional, Protocol
from unicodedata import category

import jwt
from astronomer.runtime.security.errors import TokenError
from astronomer.runtime.security.public_keys import PublicKey, algorithm_of

LARGEST_TOKEN = 8192
"""Characters. Webservers take no longer header either."""

_LONGEST_NAME = 64
"""Of the columns that Flask-AppBuilder keeps a user in; an email may be as long as a name."""


class KeySource(Protocol):
    """What finds the key of a token."""

    def find(self, kid: Optional[str]) -> PublicKey:
        """The key for a token whose header has this `kid`; raises NoKeyError."""


class Identity(NamedTuple):
    """Who a token speaks for."""

    username: str
    email: str
    full_name: str

    roles: FrozenSet[str]
    """As the token names them."""


class TokenVerifier:
    """Checks signature, issuer, audience and times."""

    def __init__(self, keys: KeySource, issuer: str, audience: str, leeway: float) -> None:
        """Set the rules.

        Args:
            keys: Where to find the key.
            issuer: What `iss` must be.
            audience: What `aud` must be or hold.
            leeway: Seconds by which clocks may differ.
        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway

    def verify(self, token: str) -> Identity:
        """Say who a token speaks for.

        Raises:
            TokenError: It cannot be trusted.
        """
        if len(token) > LARGEST_TOKEN:
            raise TokenError("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            # PyJWT 2 knows the types of keys, and its annotations do not.
            key: Any = self._keys.find(_kid(header))
            algorithm = algorithm_of(key)
            if header.get("alg") != algorithm or "crit" in header:
                raise TokenError("the token is signed in another way")
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
            )
        except TokenError:
            raise
        except Exception as error:
            # PyJWT lets errors of other libraries through for some garbage.
            raise TokenError(f"the token is refused ({type(error).__name__})") from None
        return _identity(claims)


def _kid(header: Mapping[str, Any]) -> Optional[str]:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise TokenError("the token's `kid` is no text")
    return kid


def _identity(claims: Dict[str, Any]) -> Identity:
    # PyJWT checks a time only where there is one, and takes texts of digits for numbers.
    for name, needed in (("exp", True), ("nbf", False), ("iat", False)):
        value = claims.get(name)
        if (value is None and needed) or isinstance(value, (str, bool)):
            raise TokenError(f"the token's `{name}` is no time")
    if claims.get("iss") is None or claims.get("aud") is None:
        raise TokenError("the token lacks an issuer or an audience")
    username = claims.get("sub")
    if not isinstance(username, str) or not _is_name(username):
        raise TokenError("the token's `sub` is no name")
    roles = claims.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenError("the token's `roles` is no list of names")
    return Identity(
        username,
        _email(_text(claims, "email")) or username,
        _storable(_text(claims, "full_name"))[:_LONGEST_NAME] or username,
        frozenset(roles),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise TokenError(f"the token's `{name}` is no text")
    return value


def _is_name(text: str) -> bool:
    # With a space at an end it would be another name for one database, and the same for another.
    return 0 < len(text) <= _LONGEST_NAME and text == _storable(text)


def _email(text: str) -> str:
    # A part of an address would be somebody else's.
    return text if len(text) <= _LONGEST_NAME and text == _storable(text) else ""


def _storable(text: str) -> str:
    """A text without control characters, halves of characters, and spaces at its ends.

    Databases refuse some of them, and JSON can hold them all.
    """
    return "".join(each for each in text if category(each) not in ("Cc", "Cs")).strip()
