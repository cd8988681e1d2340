"""What locks of every kind have in common: their form, where they lie, how they are made.

A lock is JSON with sorted keys. It holds names, versions, sizes and hashes, and never a host: where
files come from is a matter of the machine that fetches.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, Mapping

from locks.fields import Fields
from locks.unique_keys import read_json
from pants.util.docutil import bin_name

SHA256 = re.compile(r"[0-9a-f]{64}")


class LockError(Exception):
    """A lock cannot be read or made, or is not that of its targets. The message says what to do."""


def lock_path(folder: str, resolve: str) -> str:
    """Path of a resolve's lock."""
    return os.path.join(folder, f"{resolve}.lock")


def generate_command(resolve: str) -> str:
    """The command that makes a resolve's lock."""
    return f"{bin_name()} generate-lockfiles --resolve={resolve}"


def write_lock(data: Mapping[str, Any]) -> bytes:
    """The form that is committed."""
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


def read_lock(path: str, content: bytes, command: str) -> Fields:
    """The fields of a lock.

    Args:
        path: The lock's path, for errors.
        content: What it holds.
        command: The command that makes the lock anew.

    Raises:
        LockError: it is no lock. A field that is missing or wrong raises it when it is taken.
    """
    return Fields.read(path, LockError, content, load=read_json, fix=f"Run `{command}`.")
