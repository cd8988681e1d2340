"""Downloaded files by their sha256, shared by all builds on a machine.

A file is written beside its place and renamed, so a killed build leaves none that is incomplete,
and its hash is checked whenever it is read, so a damaged one is fetched again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Iterable

_CHUNK = 1 << 20


class FileCache:
    """Files below a folder, named by their sha256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def copy(self, sha256: str, target: Path) -> bool:
        """Copy a file to `target`; say whether the cache held it, undamaged."""
        digest = hashlib.sha256()
        place = self._place(sha256)
        try:
            with place.open("rb") as source, target.open("wb") as copy:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
        except FileNotFoundError:
            return False
        if digest.hexdigest() == sha256:
            return True
        target.unlink()
        place.unlink(missing_ok=True)
        return False

    def add(self, chunks: Iterable[bytes], sha256: str) -> "Added":
        """Write what comes in; keep it if it has this sha256.

        Whatever `chunks` raises goes through, and leaves nothing behind.
        """
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".partial-")
        partial = Path(name)
        added = Added()
        try:
            with os.fdopen(handle, "wb") as file:
                digest = hashlib.sha256()
                for chunk in chunks:
                    digest.update(chunk)
                    added.size += len(chunk)
                    file.write(chunk)
            added.sha256 = digest.hexdigest()
            if added.sha256 == sha256:
                partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
        return added


class Added:
    """What was given to `FileCache.add`: its size in bytes and its sha256."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = ""
