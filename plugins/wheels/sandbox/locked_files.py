"""The part of a lock that a process is given: which files, and what they must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple


@dataclass(frozen=True)
class LockedFile:
    """The one file of a distribution that a lock names."""

    name: str
    """Canonical name of the distribution (PEP 503)."""

    version: str

    file: str
    """File name of the wheel or, where no wheel fits, of the source distribution."""

    size: int
    """Bytes."""

    sha256: str
    """Hex digest."""


@dataclass(frozen=True)
class FetchRequest:
    """Files to fetch, and what to tell a person if that cannot be done."""

    lock: str
    """Path of the lock file in the repository."""

    fix: str
    """The command that renews the lock."""

    files: Tuple[LockedFile, ...]


def load(path: Path) -> FetchRequest:
    """Read a request, as `wheels.util_rules.fetch` writes it."""
    data = json.loads(path.read_text())
    return FetchRequest(
        lock=data["lock"],
        fix=data["fix"],
        files=tuple(LockedFile(**each) for each in data["files"]),
    )
