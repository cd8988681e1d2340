"""Checks the platform's tokens.

Source: RFC 7519, and RFC 8725 (the best current practice) for what is refused.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Protocol, Sequence
from unicodedata import category

import jwt
from astronomer.runtime.security.errors import TokenError
from astronomer.runtime.security.public_keys import PublicKey, algorithm_of
from jwt.utils import base64url_decode

LARGEST_TOKEN = 8192
"""Characters. Webservers take no longer header either."""

_LONGEST_NAME = 64
"""Of the columns that Flask-AppBuilder keeps a user in; an email may be as long as a name."""


class KeySource(Protocol):
    """What finds the keys that a token may be signed with."""

    def find(self, kid: Optional[str]) -> List[PublicKey]:
        """Those for a token whose header has this `kid`; raises NoKeyError."""


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
        header = _header(token)
        keys = self._keys.find(_kid(header))
        # The key decides how, and the token only whether that is how.
        usable = [key for key in keys if algorithm_of(key) == header.get("alg")]
        if not usable or "crit" in header:
            raise TokenError("the token is signed in another way")
        claims = _signed_claims(token, usable)
        self._check_whom_it_is_for(claims)
        self._check_times(claims)
        return _identity(claims)

    def _check_whom_it_is_for(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self._issuer:
            raise TokenError("the token's `iss` is another than JWT_ISSUER")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not all(isinstance(each, str) for each in audiences) or self._audience not in audiences:
            raise TokenError("the token's `aud` does not hold JWT_AUDIENCE")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = time.time()
        ends, begins = _time(claims, "exp"), _time(claims, "nbf")
        if ends is None:
            raise TokenError("the token's `exp` is missing")
        if ends <= now - self._leeway:
            raise TokenError("the token has expired")
        if begins is not None and begins > now + self._leeway:
            raise TokenError("the token is not valid yet")
        # Nothing depends on it, but what is there has to be a time.
        _time(claims, "iat")


def _signed_claims(token: str, keys: Sequence[PublicKey]) -> Dict[str, Any]:
    """What a token claims, of which one of the keys has made the signature.

    Only the signature is left to PyJWT: it takes a text of digits for a time, and a claim that is
    null for one that is wrong.
    """
    unchecked: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss")}
    error: Exception = ValueError()
    for key in keys:
        try:
            # PyJWT knows the types of keys, and its annotations do not.
            known: Any = key
            claims = jwt.decode(token, known, algorithms=[algorithm_of(key)], options=unchecked)
        except Exception as reason:
            error = reason
            continue
        if not isinstance(claims, dict):
            raise TokenError("the token's claims are not a JSON object")
        return claims
    if isinstance(error, jwt.InvalidSignatureError):
        raise TokenError("the token's signature is of another key")
    raise TokenError(f"the token is refused ({type(error).__name__})")


def _header(token: str) -> Dict[str, Any]:
    try:
        # PyJWT's own reader refuses a `kid` that is null.
        header = json.loads(base64url_decode(token.split(".")[0].encode()))
    except Exception as error:
        # Whatever garbage can cause, such as RecursionError.
        raise TokenError(f"the token cannot be read ({type(error).__name__})") from None
    if not isinstance(header, dict):
        raise TokenError("the token's header is not a JSON object")
    return header


def _kid(header: Mapping[str, Any]) -> Optional[str]:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise TokenError("the token's `kid` is not a string")
    return kid


def _time(claims: Mapping[str, Any], name: str) -> Optional[float]:
    """A time that a token claims; None where it claims none."""
    value = claims.get(name)
    if value is None:
        return None
    # In this form, as a comparison with NaN is never true.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
        raise TokenError(f"the token's `{name}` is not a time")
    return value


def _identity(claims: Mapping[str, Any]) -> Identity:
    username = claims.get("sub")
    if not isinstance(username, str) or not _is_name(username):
        raise TokenError("the token's `sub` is not a name")
    roles = claims.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenError("the token's `roles` is not a list of names")
    return Identity(
        username,
        _email(_text(claims, "email")) or username,
        _storable(_text(claims, "full_name"))[:_LONGEST_NAME] or username,
        frozenset(roles),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    """What a token claims; empty where it claims nothing."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TokenError(f"the token's `{name}` is not a string")
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
