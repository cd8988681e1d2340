"""Uploads that are under way, so that another process can go on with them.

It holds no credentials, but some registries take bytes from everybody who knows an upload's
address: so only its owner can read the folder, and an entry is removed when its upload is done.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Optional


class Journal:
    """A folder with a file for each upload.

    Args:
        folder: It is made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def find(self, reference: str, digest: str) -> Optional[str]:
        """Where the upload of a blob to a repository was to go on, if one is known."""
        try:
            return self._place(reference, digest).read_text() or None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def keep(self, reference: str, digest: str, location: str) -> None:
        """Note where an upload goes on."""
        # Renamed into place: of two processes, each finds a whole entry.
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "w") as file:
            file.write(location)
        os.replace(name, self._place(reference, digest))

    def drop(self, reference: str, digest: str) -> None:
        """Forget an upload."""
        self._place(reference, digest).unlink(missing_ok=True)

    def _place(self, reference: str, digest: str) -> Path:
        return self._folder / hashlib.sha256(f"{reference}@{digest}".encode()).hexdigest()
