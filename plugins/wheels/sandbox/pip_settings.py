"""Where pip on this machine would look for packages.

Asked of pip itself: its configuration files, its environment variables and its built-in default
are the one place where a machine says which index it uses. No host stands in our code or locks.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import List, Tuple, Union

from oci.sandbox import machine_settings
from oci.sandbox.certificates import ca_bundle
from oci.sandbox.errors import SandboxError

SETTINGS = "wheels"
"""What the settings of this machine are called; see `oci.sandbox.machine_settings`."""


@dataclass(frozen=True)
class PipSettings:
    """What of pip's configuration matters for a download."""

    indexes: Tuple[str, ...]
    """URLs of simple indexes (PEP 503), in order of preference, without a slash at the end."""

    verify: Union[bool, str]
    """A bundle of certificate authorities, or True for the one that comes with `requests`."""

    trusted_hosts: Tuple[str, ...]
    """Hosts whose certificates are not checked."""


def read_pip_settings() -> PipSettings:
    """Read the settings that `pip download` would have here.

    The variables that the user has set for it become those of this process, for `requests` too.

    Raises:
        SandboxError: pip's configuration cannot be read, or names no index that speaks HTTP.
    """
    machine_settings.apply(SETTINGS)
    # By name: it lies in the toolchain, and is not a library of ours.
    commands = importlib.import_module("pip._internal.commands")
    try:
        options = commands.create_command("download").parser.get_default_values()
    except SystemExit:
        raise SandboxError(
            "pip's configuration on this machine cannot be read: try `pip config list`."
        ) from None
    configured: List[str] = [options.index_url, *options.extra_index_urls]
    if options.no_index:
        configured = []
    # pip also takes directories, which hold no file that a lock cannot name by its index.
    indexes = tuple(
        url.rstrip("/") for url in configured if url.startswith(("http://", "https://"))
    )
    if not indexes:
        raise SandboxError(
            "pip is configured with no index on this machine: set `index-url` in its configuration "
            "or PIP_INDEX_URL."
        )
    return PipSettings(
        indexes=indexes,
        verify=ca_bundle(options.cert or ""),
        trusted_hosts=tuple(options.trusted_hosts),
    )
