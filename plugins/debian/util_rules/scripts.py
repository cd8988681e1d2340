"""The shell scripts that run before there is a toolchain: on the host's own Debian tools."""

from __future__ import annotations

import pkgutil

from debian.subsystem import ARCHIVES, DebianSubsystem
from oci.util_rules.machine_settings import MachineSettingsRequest
from pants.engine.fs import FileContent
from pants.option.errors import OptionsError
from pants.util.frozendict import FrozenDict

# The same path on every Linux, so that processes have the same key on all of them.
BASH = "/bin/bash"

SCRIPT_ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
}


def script(name: str) -> FileContent:
    """A script of `debian.sandbox`."""
    content = pkgutil.get_data("debian.sandbox", name)
    assert content is not None
    return FileContent(name, content)


def machine_settings(options: DebianSubsystem) -> MachineSettingsRequest:
    """Asks for what the scripts must know of this machine: proxies for apt, and mirrors.

    Raises:
        OptionsError: an archive is none of Debian's.
    """
    unknown = sorted(set(options.mirrors) - set(ARCHIVES))
    if unknown:
        raise OptionsError(
            f"pants.toml: `[debian].mirrors` has the archive '{unknown[0]}'. "
            f"Name {' or '.join(ARCHIVES)}."
        )
    mirrors = (options.mirrors.get(archive, "") for archive in ARCHIVES)
    return MachineSettingsRequest(
        "debian",
        ("http_proxy", "https_proxy", "no_proxy"),
        FrozenDict(zip(("DEBIAN_MIRROR", "DEBIAN_SECURITY_MIRROR"), mirrors)),
    )
