"""What a download must know of this machine: addresses, passwords, proxies, certificates.

It comes in a file that is part of no cache key: machines with other settings share what was
downloaded, and no password gets into a cache that they share. The file is like an environment in
`/proc`: `NAME=value`, each followed by a NUL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Mapping

FOLDER = "__machine"
"""Where the files of settings lie in a sandbox."""


def dumps(variables: Mapping[str, str]) -> bytes:
    """The content of a file of settings."""
    return b"".join(os.fsencode(f"{name}={variables[name]}\0") for name in sorted(variables))


def apply(name: str, folder: Path = Path(FOLDER)) -> None:
    """Take settings over into the environment of this process, if there are any."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return
    for variable in content.split(b"\0")[:-1]:
        key, _, value = os.fsdecode(variable).partition("=")
        os.environ[key] = value
