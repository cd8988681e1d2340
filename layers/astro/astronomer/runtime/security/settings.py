"""The options that say how tokens are checked."""

from __future__ import annotations

import re
from typing import NamedTuple

from astronomer.runtime import options
from astronomer.runtime.errors import ConfigurationError

# Source: RFC 6265, section 4.1.1.
_COOKIE_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)


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


def read(read_option: options.Reader = options.from_airflow) -> SecuritySettings:
    """Read the options.

    Args:
        read_option: Where to read them.

    Raises:
        ConfigurationError: They do not say all that is needed to refuse a stranger.
    """

    def text(name: str) -> str:
        return options.text(name, read=read_option)

    def number(name: str, default: float, minimum: float, maximum: float) -> float:
        return options.number(name, default, minimum, maximum, read_option)

    named = options.platform_key(read_option)
    if named and named not in options.PLATFORM_KEYS:
        option, _, form = named.rpartition("_")
        raise ConfigurationError(
            f"{options.variable(named)} is set, and Airflow reads only its own secrets by a"
            f" _{form.upper()}; set {options.variable(option)} instead."
        )
    settings = SecuritySettings(
        signing_cert=text("jwt_signing_cert"),
        jwk_url=text("houston_jwk_url"),
        issuer=text("jwt_issuer"),
        audience=text("jwt_audience"),
        leeway=number("jwt_validity_leeway", 60, 0, 3600),
        url_timeout=number("houston_url_timeout", 10, 0.1, 60),
        stale_keys=number("jwt_stale_keys", 3600, 0, 31 * 86400),
        cookie=text("jwt_cookie"),
    )
    _check(settings)
    return settings


def _check(settings: SecuritySettings) -> None:
    cert, url = options.variable("jwt_signing_cert"), options.variable("houston_jwk_url")
    if settings.signing_cert and settings.jwk_url:
        raise ConfigurationError(f"{cert} and {url} are both set; set one of them.")
    if not settings.signing_cert and not settings.jwk_url:
        raise ConfigurationError(f"neither {cert} nor {url} is set; set one of them.")
    if "-----BEGIN" in settings.signing_cert or "\n" in settings.signing_cert:
        # Without the value, which may be a private key.
        raise ConfigurationError(f"{cert} holds a PEM itself; set it to the path of a PEM file.")
    for name, value in (("jwt_issuer", settings.issuer), ("jwt_audience", settings.audience)):
        if not value:
            raise ConfigurationError(
                f"{options.variable(name)} is not set; set it to what the platform's tokens hold."
            )
    if settings.jwk_url and not _is_web_address(settings.jwk_url):
        # Without the value, which may hold a password.
        raise ConfigurationError(
            f"{url} is not a web address; set it to one such as https://platform.example/jwks."
        )
    if settings.cookie and not _COOKIE_NAME.fullmatch(settings.cookie):
        raise options.InvalidOption("jwt_cookie", settings.cookie, "the name of a cookie")


def _is_web_address(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_good
    return is_one and not re.search(r"[\s\x00-\x1f]", url)
