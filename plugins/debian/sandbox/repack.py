"""Takes the compression off Debian packages, so that it is undone once and on all processors.

An installation reads each essential package twice, one after the other, and spends a third of its
time on xz. Source: deb(5), ar(5).
"""

from __future__ import annotations

import gzip
import lzma
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterable

from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError

_MAGIC = b"!<arch>\n"
_HEADER = 60

_DECOMPRESS: Dict[bytes, Callable[[bytes], bytes]] = {
    b"data.tar.xz": lzma.decompress,
    b"data.tar.gz": gzip.decompress,
}

# As many as read large packages at once without much memory.
_THREADS = 2


def _header(name: bytes, size: int) -> bytes:
    return b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o100644, size)


def repack(source: Path, target: Path) -> None:
    """Write the package at `source` to `target`, with its files uncompressed.

    Raises:
        SandboxError: it is not a Debian package, or ends early.
    """
    content = source.read_bytes()
    if not content.startswith(_MAGIC):
        raise SandboxError(f"{source.name}: the file is not a Debian package.")
    at = len(_MAGIC)
    with target.open("wb") as output:
        output.write(_MAGIC)
        while at < len(content):
            header = content[at : at + _HEADER]
            name = header[:16].rstrip(b" /")
            try:
                size = int(header[48:58])
                data = content[at + _HEADER : at + _HEADER + size]
                if size < 0 or len(data) < size:
                    raise ValueError("it ends early")
                decompress = _DECOMPRESS.get(name)
                if decompress:
                    name, data = b"data.tar", decompress(data)
            except DAMAGE as error:
                raise SandboxError(f"{source.name}: the package is damaged ({error}).") from None
            output.write(_header(name, len(data)))
            output.write(data)
            output.write(b"\n" * (len(data) % 2))
            at += _HEADER + size + size % 2


def repack_all(debs: Iterable[Path], folder: Path) -> None:
    """Write all packages to the folder, as `repack` does, under their names.

    Raises:
        SandboxError: see `repack`.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda deb: repack(deb, folder / deb.name), debs))
