"""Ends a server whose start is refused, also where the entrypoint did not see it start."""

from __future__ import annotations

import os
import sys

from astronomer.runtime.errors import ConfigurationError, StartError
from astronomer.runtime.messages import say
from astronomer.runtime.options import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# Gunicorn starts a worker that ends anew, unless it ends with this code: then gunicorn ends too.
# Source: `Arbiter.WORKER_BOOT_ERROR` in gunicorn/arbiter.py.
_WORKER_BOOT_ERROR = 3


def end(error: StartError) -> NoReturn:
    """Say what is wrong, and end this process; if it is a worker of gunicorn, gunicorn too."""
    say(str(error))
    # Gunicorn names itself to its workers so.
    is_worker = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")
    sys.exit(_WORKER_BOOT_ERROR if is_worker else error.exit_code)


def no_platform_login(option: str) -> ConfigurationError:
    """Why a server of Airflow 3 does not start where the option names a key of the platform's."""
    return ConfigurationError(
        f"{variable(option)} is set, and this image has no login of the platform for its Airflow;"
        " use an image of Airflow 2, or remove the option to have Airflow's own login."
    )
