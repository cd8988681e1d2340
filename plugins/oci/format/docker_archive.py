"""Writes an image as the archive that `docker load` reads.

Engines before 25 read no OCI layouts; every engine reads this older form, and takes compressed
layers in it as they are. Source: the "docker save" format of Docker Image Specification v1.2, with
layers left out that the engine has: it looks a layer up by its chain of diffIDs before it opens the
archive's file.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Iterator, Sequence

from oci.format.layout import Layout

_PIECE = 1 << 20


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


def docker_archive(layout: Layout, reference: str, skip: int = 0) -> Iterator[bytes]:
    """The archive piece by piece: no image is held in memory, or lies on the disk twice.

    A layer that stands in the image twice is in the archive once.

    Args:
        layout: The image.
        reference: What the engine calls it: `repository:tag`.
        skip: How many layers, from the bottom, to leave out.
    """
    names = {digest: f"{_hex(digest)}.tar" for digest in layout.layers}
    config = f"{_hex(layout.config_digest)}.json"
    manifest = {
        "Config": config,
        "RepoTags": [reference],
        "Layers": [names[digest] for digest in layout.layers],
    }
    yield from _member("manifest.json", json.dumps([manifest]).encode())
    yield from _member(config, layout.blob(layout.config_digest).read_bytes())
    for digest in dict.fromkeys(layout.layers[skip:]):
        yield from _file_member(names[digest], layout.blob(digest))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _hex(digest: str) -> str:
    return digest.partition(":")[2]


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _member(name: str, content: bytes) -> Iterator[bytes]:
    yield _header(name, len(content))
    yield content + _padding(len(content))


def _file_member(name: str, path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    yield _header(name, size)
    with path.open("rb") as blob:
        while piece := blob.read(_PIECE):
            yield piece
    yield _padding(size)
