"""Writes an image of an OCI layout as the stream that `docker load` reads.

Engines before 25 read no OCI layouts; every engine reads this older form, a tar with
`manifest.json`, the config and the layers, and takes gzip layers in it as they are.
Source: moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Iterator

from tests.engine.layout import Layout

_CHUNK = 1 << 20


def docker_archive(layout: Layout, tag: str) -> Iterator[bytes]:
    """Yields the archive piece by piece, so that no image is ever held in memory or on disk twice.

    Args:
        layout: The image to stream.
        tag: `name:tag` that the engine shall give the image.
    """
    config_name = f"{_hex(layout.config_digest)}.json"
    # One member a blob, though a layer may stand in the image twice.
    layers = {digest: f"{_hex(digest)}.tar" for digest in layout.layer_digests}
    entry = {
        "Config": config_name,
        "RepoTags": [tag],
        "Layers": [layers[digest] for digest in layout.layer_digests],
    }
    yield from _member("manifest.json", json.dumps([entry]).encode())
    yield from _member(config_name, layout.blob(layout.config_digest).read_bytes())
    for digest, name in layers.items():
        yield from _file_member(name, layout.blob(digest))
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _hex(digest: str) -> str:
    return digest.partition(":")[2]


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)


def _member(name: str, content: bytes) -> Iterator[bytes]:
    yield _header(name, len(content))
    yield content + _padding(len(content))


def _file_member(name: str, path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    yield _header(name, size)
    with path.open("rb") as blob:
        for chunk in iter(lambda: blob.read(_CHUNK), b""):
            yield chunk
    yield _padding(size)
