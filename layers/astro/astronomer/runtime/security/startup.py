"""Ends a webserver that cannot do the platform's login, however it was started."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from astronomer.runtime import options
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.messages import say
from astronomer.runtime.security import settings
from astronomer.runtime.security.key_sources import check_key

BACKEND = "astronomer.runtime.security.api_auth"

# Gunicorn starts a worker that ends anew, unless it ends with this code: then gunicorn ends too.
# Source: `Arbiter.WORKER_BOOT_ERROR` in gunicorn/arbiter.py.
_WORKER_BOOT_ERROR = 3


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


def end(error: ConfigurationError) -> NoReturn:
    """Say what is wrong, and end this process for good; as a worker of gunicorn, gunicorn too."""
    say(str(error))
    # Gunicorn names itself to its workers so.
    is_worker = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")
    sys.exit(_WORKER_BOOT_ERROR if is_worker else error.exit_code)
