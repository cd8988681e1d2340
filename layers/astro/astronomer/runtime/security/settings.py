"""The options that say how tokens are checked."""

from __future__ import annotations

from typing import NamedTuple

from astronomer.runtime import options
from astronomer.runtime.errors import ConfigurationError


class SecuritySettings(NamedTuple):
    """How tokens are checked."""

    signing_cert: str
    """Path of a PEM file with a certificate or a public key; or empty."""

    jwk_url: str
    """Address of a JSON Web Key Set; or empty."""

    issuer: str
    audience: str

    leeway: float
    """Seconds that the clocks of the platform and of this machine may differ."""

    url_timeout: float
    """Seconds to wait for the key set."""

    stale_keys: float
    """Seconds for which the last good keys are used while no new ones can be had."""

    cookie: str
    """Name of the cookie that holds the token where a request has no Authorization header."""


def read() -> SecuritySettings:
    """Read the options.

    Raises:
        ConfigurationError: They do not say all that is needed to refuse a stranger.
    """
    settings = SecuritySettings(
        signing_cert=options.text("jwt_signing_cert"),
        jwk_url=options.text("houston_jwk_url"),
        issuer=options.text("jwt_issuer"),
        audience=options.text("jwt_audience"),
        leeway=options.number("jwt_validity_leeway", 60),
        url_timeout=options.number("houston_url_timeout", 10, minimum=0.1),
        stale_keys=options.number("jwt_stale_keys", 3600),
        cookie=options.text("jwt_cookie"),
    )
    _check(settings)
    return settings


def _check(settings: SecuritySettings) -> None:
    cert, url = options.variable("jwt_signing_cert"), options.variable("houston_jwk_url")
    if settings.signing_cert and settings.jwk_url:
        raise ConfigurationError(f"{cert} and {url} are both set; set one of them.")
    for name in ("jwt_issuer", "jwt_audience"):
        if not options.text(name):
            raise ConfigurationError(
                f"{options.variable(name)} is not set; set it to what the platform's tokens hold."
            )
    if settings.jwk_url and not settings.jwk_url.startswith(("https://", "http://")):
        raise ConfigurationError(f"{url} is '{settings.jwk_url}'; set it to an https address.")
