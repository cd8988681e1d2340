"""Whether a webserver can do the platform's login."""

from __future__ import annotations

from astronomer.runtime import options
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security import settings
from astronomer.runtime.security.key_sources import check_key

BACKEND = "astronomer.runtime.security.api_auth"


def check() -> None:
    """See that the options, and the backends of the REST API, are a platform's.

    Raises:
        ConfigurationError: They are not.
    """
    check_key(settings.read())
    _check_backend()


def _check_backend() -> None:
    from airflow.configuration import conf

    name = "auth_backends" if airflow_version() >= (2, 3, 0) else "auth_backend"
    backends = conf.get("api", name, fallback="").split(",")
    if BACKEND not in map(str.strip, backends):
        raise ConfigurationError(
            f"{options.variable(name, 'api')} does not name {BACKEND}; set it to that, as without"
            " it the platform's tokens would not be asked for."
        )
