"""Where a request carries its token: in the Authorization header, else in the proxy's cookie."""

from __future__ import annotations

import re

from astronomer.runtime.security.errors import TokenError
from flask import Request

_BEARER = re.compile(r"bearer +([A-Za-z0-9_.=-]+)", re.IGNORECASE)

_CHANGE_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})

_OTHER_SITES = frozenset({"cross-site", "same-site"})
"""Values of `Sec-Fetch-Site`. Other Deployments of the platform may be of the same site."""


def token_of(request: Request, cookie: str) -> str:
    """The token of a request.

    Args:
        request: The request.
        cookie: The name of the proxy's cookie; empty where the proxy has none.

    Raises:
        TokenError: There is none, or it is there by no intent of the user's.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        found = _BEARER.fullmatch(header.strip())
        if not found:
            raise TokenError("the Authorization header holds no Bearer token")
        return found.group(1)
    token = request.cookies.get(cookie) if cookie else None
    if not token:
        raise TokenError("there is no token")
    # A browser sends a cookie whoever made it ask, and the REST API has no CSRF token. Source: W3C,
    # Fetch Metadata Request Headers.
    site = request.headers.get("Sec-Fetch-Site", "")
    if request.method not in _CHANGE_NOTHING and site in _OTHER_SITES:
        raise TokenError("the request was made by another site")
    return token
