"""Options of the backend."""

from __future__ import annotations

from locks.lock import lock_path
from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


class WheelsSubsystem(Subsystem):
    """Options of `[wheels]`."""

    options_scope = "wheels"
    help = "Options for image layers of locked Python packages."

    lockfiles = StrOption(
        default="3rdparty/python",
        help=softwrap(
            """
            The folder of the locks. A resolve's lock is named after it, for example
            `3rdparty/python/5.0.6.lock`.
            """
        ),
    )
    env_vars = StrListOption(
        default=[
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "NO_PROXY",
            "PIP_CERT",
            "PIP_CONFIG_FILE",
            "PIP_EXTRA_INDEX_URL",
            "PIP_INDEX_URL",
            "PIP_TRUSTED_HOST",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ],
        advanced=True,
        help=softwrap(
            """
            Environment variables that downloads see, as `NAME` or `NAME=VALUE`.

            Packages come from the index that pip is configured with: by these variables, by the
            configuration files of this machine, or by pip's default. What is downloaded must have
            the size and the hash that the lock gives, wherever it comes from.
            """
        ),
    )

    def lockfile(self, resolve: str) -> str:
        """Path of a resolve's lock."""
        return lock_path(self.lockfiles, resolve)
