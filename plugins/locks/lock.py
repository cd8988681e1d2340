"""What locks of every kind have in common: their form, where they lie, how they are made.

A lock is JSON with sorted keys. It holds names, versions, sizes and hashes, and never a host: where
files come from is a matter of the machine that fetches.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, Callable, Mapping, TypeVar

from locks.unique_keys import read_json
from pants.util.docutil import bin_name

SHA256 = re.compile(r"[0-9a-f]{64}")

_Lock = TypeVar("_Lock")


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


def read_lock(
    path: str, content: bytes, command: str, parse: Callable[[Mapping[str, Any]], _Lock]
) -> _Lock:
    """Read a lock.

    Args:
        path: The lock's path, for errors.
        content: What it holds.
        command: The command that makes the lock anew.
        parse: Makes the lock of its JSON; `locks.fields` checks values for it.

    Raises:
        LockError: it is no lock, lacks a field, or has a wrong one.
    """
    try:
        return parse(read_json(content))
    except KeyError as error:
        problem = f"lacks the field {error}"
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        problem = f"cannot be read ({' '.join(str(error).split())})"
    raise LockError(f"{path}: the lock {problem}. Run `{command}`.")
