"""Compares what a download left with the lock that asked for it.

The download itself has checked it. But its result can come from a cache that others write to, and
who forges one there must not get a package into a layer.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from oci.util_rules.layer_process import BuildStepError
from pants.engine.fs import Directory, FileEntry, SymlinkEntry


def check_content(
    lock: str,
    expected: Mapping[str, str],
    entries: Iterable[FileEntry | SymlinkEntry | Directory],
) -> None:
    """Compare files by their sha256, which costs nothing: their entries have it.

    Args:
        lock: Path of the lock, for errors.
        expected: The sha256 of each file of the lock, by its name.
        entries: What the download left.

    Raises:
        BuildStepError: a file is another one, is missing, or is not asked for.
    """
    found = {
        entry.path.rpartition("/")[2]: entry.file_digest.fingerprint
        if isinstance(entry, FileEntry)
        else "no file"
        for entry in entries
    }
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            raise BuildStepError(
                f"{lock}: a cache gave another {name} than the lock asks for: its sha256 is "
                f"{found.get(name, 'that of no file')}, and not {expected.get(name, 'asked for')}. "
                "Somebody may have forged it: tell who keeps the remote cache, and build with "
                "`--no-remote-cache-read --no-local-cache`."
            )
