"""Adds the directories above a layer's entries.

An engine makes missing parents itself, as root with mode 0755, and so hides what a lower layer
says of them. Every layer therefore carries its parents, and all carry the same header for the same
directory. Source: OCI image spec 1.1, layer.md, which leaves implied parents undefined.
"""

from __future__ import annotations

from typing import Dict, Iterable, List

from oci.format.zip_epoch import ZIP_EPOCH
from oci.sandbox.layer_writer import Entry

DIRECTORY_MTIME = ZIP_EPOCH
"""No release's date: releases share layers."""


def with_parents(entries: Iterable[Entry], modes: Dict[str, int]) -> List[Entry]:
    """The entries, and a root-owned directory for each parent that is missing.

    Args:
        entries: What a layer holds.
        modes: Permission bits of directories whose mode is not 0755, by path.
    """
    complete: Dict[str, Entry] = {entry.path: entry for entry in entries}
    for path in list(complete):
        parent = path.rpartition("/")[0]
        while parent and parent not in complete:
            mode = modes.get(parent, 0o755)
            complete[parent] = Entry(parent, "dir", mode, DIRECTORY_MTIME)
            parent = parent.rpartition("/")[0]
    return list(complete.values())
