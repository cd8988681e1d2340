"""Writes an image as the archive that `docker load` reads.

Source: the "docker save" format of Docker Image Specification v1.2, with layers left out that the
engine has: it looks a layer up by its chain of diffIDs before it opens the archive's file.
"""

from __future__ import annotations

import io
import json
import tarfile
from typing import BinaryIO, List, Sequence

from oci.format.layout import Layout


def common_prefix(diff_ids: Sequence[str], known: Sequence[Sequence[str]]) -> int:
    """How many layers, counted from the bottom, an engine has that holds images of these layers."""
    best = 0
    for other in known:
        length = 0
        for ours, theirs in zip(diff_ids, other):
            if ours != theirs:
                break
            length += 1
        best = max(best, length)
    return best


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def write_archive(layout: Layout, reference: str, skip: int, stream: BinaryIO) -> None:
    """Write the archive.

    Args:
        layout: The image.
        reference: What the engine calls it: `repository:tag`.
        skip: How many layers, from the bottom, to leave out.
        stream: Where to.
    """
    names: List[str] = [digest.partition(":")[2] + ".tar" for digest in layout.layers]
    config = layout.config_digest.partition(":")[2] + ".json"
    manifest = [{"Config": config, "RepoTags": [reference], "Layers": names}]
    with tarfile.open(fileobj=stream, mode="w|", bufsize=1 << 20) as tar:
        _add(tar, "manifest.json", json.dumps(manifest).encode())
        _add(tar, config, layout.blob(layout.config_digest).read_bytes())
        for name, digest in list(zip(names, layout.layers))[skip:]:
            path = layout.blob(digest)
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            with path.open("rb") as content:
                tar.addfile(info, content)
