"""Options of the backend."""

from __future__ import annotations

from locks.lock import lock_path
from oci.format.platform import DEFAULT, Platform
from pants.option.errors import OptionsError
from pants.option.option_types import DictOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap

ARCHIVES = ("debian", "debian-security")
"""The archives that a lock may name."""


class DebianSubsystem(Subsystem):
    """Options of `[debian]`."""

    options_scope = "debian"
    help = "Options for image layers of locked Debian packages."

    resolves = DictOption[str](
        default={},
        help=softwrap(
            f"""
            The suite of each resolve, and its architecture where that is not
            `{DEFAULT.architecture}`, for example
            `{{"bullseye": "bullseye", "bullseye-arm": "bullseye/arm64"}}`.

            A resolve is a set of targets whose packages are locked together. Its lock lies in
            `[debian].lockfiles`; `{bin_name()} generate-lockfiles --resolve=bullseye` writes it.
            Packages come from the suite itself, and from its updates and security updates.
            """
        ),
    )
    lockfiles = StrOption(
        default="3rdparty/debian",
        help=softwrap(
            """
            The folder of the locks. A resolve's lock is named after it, for example
            `3rdparty/debian/bullseye.lock`.
            """
        ),
    )
    mirrors = DictOption[str](
        default={},
        advanced=True,
        help=softwrap(
            """
            The address of each archive: the keys are `debian` and `debian-security`.

            By default, packages come from the archives that this machine's own apt uses. Set it on
            a machine that does not run Debian, or to use a mirror. Whatever the mirror, every
            package must have the size and the hash that the lock gives.
            """
        ),
    )

    def lockfile(self, resolve: str) -> str:
        """Path of a resolve's lock."""
        return lock_path(self.lockfiles, resolve)

    def platform(self, resolve: str) -> Platform:
        """What a resolve is for.

        Raises:
            OptionsError: its architecture is not known.
        """
        suite, _, architecture = self.resolves[resolve].partition("/")
        platform = Platform(architecture or DEFAULT.architecture, suite)
        try:
            platform.machine
        except ValueError as error:
            raise OptionsError(
                f"pants.toml: `[debian].resolves`, '{resolve}': {error}. Correct it."
            ) from None
        return platform
