"""Why somebody is not let in."""

from __future__ import annotations


class TokenError(Exception):
    """A request is not let in; the text says why, and never holds the token."""


class NoKeyError(TokenError):
    """There is no key that the token could be checked with."""
