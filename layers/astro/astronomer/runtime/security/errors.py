"""Why somebody is not let in, or the webserver does not start."""

from __future__ import annotations


class ConfigurationError(Exception):
    """The options of the platform are wrong; the text is the one sentence the operator reads."""


class TokenError(Exception):
    """A request is not let in; the text says why, and never holds the token."""


class NoKeyError(TokenError):
    """There is no key that the token could be checked with."""
