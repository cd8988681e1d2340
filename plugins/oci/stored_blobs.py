"""Looks whether blobs are whole in Pants' store, which Pants itself does not do.

After a crash or a clean-up that went wrong, a file there can be cut off, and would be written to
`dist` under the name of the blob that it is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from pants.engine.fs import FileDigest


class DamagedStoreError(Exception):
    """A file of the store is not what its name says. The message says which, and what to do."""


def stored_file(store: Path, sha256: str) -> Path:
    """Where the store keeps a large file; small ones lie in its databases."""
    return store / "immutable/files" / sha256[:2] / sha256


def check_whole(blobs: Iterable[FileDigest], store: Path) -> None:
    """Compare sizes, which takes no time; reading hundreds of megabytes in each run would.

    Raises:
        DamagedStoreError: a blob has another size in the store.
    """
    for blob in blobs:
        path = stored_file(store, blob.fingerprint)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            continue
        if size != blob.serialized_bytes_length:
            raise DamagedStoreError(
                f"{path}: this file of Pants' store has {size} bytes where it had "
                f"{blob.serialized_bytes_length}, so something has damaged the store. Remove the "
                f"folders {store} and `.pids`, which ends Pants' daemon, and build again."
            )
