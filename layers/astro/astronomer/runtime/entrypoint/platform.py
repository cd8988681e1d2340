"""Lets the platform's security manager in, where a key to check tokens with is named."""

from __future__ import annotations

from astronomer.runtime.options import PLATFORM_KEYS, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_BACKEND = "astronomer.runtime.security.api_auth"


def let_security_in(environ: MutableMapping[str, str]) -> None:
    """Name our backend of the REST API, by which the manager comes in; the older name is Airflow
    2.2's.

    Not a constant of the image: the Astro CLI names a backend of its own where nobody has, and a
    webserver of a platform without ours does not start.
    """
    if any(environ.get(variable(name)) for name in PLATFORM_KEYS):
        environ["AIRFLOW__API__AUTH_BACKEND"] = _BACKEND
        environ["AIRFLOW__API__AUTH_BACKENDS"] = f"{_BACKEND},airflow.api.auth.backend.session"
