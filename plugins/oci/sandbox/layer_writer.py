"""Writes a layer: the blob, its descriptor, the list of its paths and that of its packages.

Every kind of layer ends here, so that equal content gives equal bytes: entries in byte order of
their paths, numeric owners without names, whole seconds, one tar format. Source: OCI image spec
1.1, layer.md.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterable, List, Optional, Tuple

from oci.format import mtree, packages
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.mtree import PathInfo
from oci.format.packages import Package
from oci.sandbox.codec import BlobWriter
from oci.sandbox.errors import SandboxError

BLOB = "blob"
DESCRIPTOR = "layer.json"
PATHS = "paths.mtree"
PACKAGES = "packages.json"
"""Names of the four files of a built layer, in the folder given to `write_layer`."""


@dataclass(frozen=True)
class Entry:
    """One member of a layer's tar."""

    path: str
    """Relative to the root of the filesystem, normalised: no leading `/` or `./`, no `..`."""

    kind: str
    """`file`, `dir` or `link` (symbolic), as mtree(5) names them."""

    mode: int
    mtime: int
    uid: int = 0
    gid: int = 0
    link: str = ""
    """Target of a symbolic link."""

    open: Optional[Callable[[], BinaryIO]] = field(default=None, compare=False)
    """Opens a file's content. Called once, when the entry's turn comes."""

    size: int = 0
    """Bytes that `open` gives."""

    hardlink_group: str = ""
    """Files that share one inode carry the same word: the first is written, others refer to it."""

    capability: str = ""
    """Hex of the `security.capability` attribute."""

    package: str = ""
    """Key of the package that brings the entry; empty when none does."""


def file_entry(
    path: str, content: bytes, mode: int, mtime: int, uid: int = 0, gid: int = 0
) -> Entry:
    """A file whose content is at hand."""
    return Entry(
        path,
        "file",
        mode,
        mtime,
        uid=uid,
        gid=gid,
        open=lambda: io.BytesIO(content),
        size=len(content),
    )


class _HashingReader:
    """Gives a file's bytes to `tarfile` and hashes them on the way."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self.sha256.update(data)
        return data


_TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def _tar_info(entry: Entry) -> tarfile.TarInfo:
    info = tarfile.TarInfo(entry.path)
    info.type = _TYPES[entry.kind]
    info.mode = 0o777 if entry.kind == "link" else entry.mode
    info.uid, info.gid = entry.uid, entry.gid
    info.mtime = entry.mtime
    info.linkname = entry.link
    info.size = entry.size
    if entry.capability:
        raw = bytes.fromhex(entry.capability)
        info.pax_headers = {
            "SCHILY.xattr.security.capability": raw.decode("utf-8", "surrogateescape")
        }
    return info


def _checked(entries: Iterable[Entry]) -> List[Entry]:
    ordered = sorted(entries, key=lambda entry: entry.path.encode("utf-8", "surrogateescape"))
    previous = ""
    for entry in ordered:
        parts = entry.path.split("/")
        if not entry.path or any(part in ("", ".", "..") for part in parts):
            raise SandboxError(f"The path {entry.path!r} cannot stand in a layer.")
        if any(part.startswith(".wh.") for part in parts):
            raise SandboxError(
                f"The path {entry.path!r} would delete a file of a lower layer: layers only add."
            )
        if entry.path == previous:
            raise SandboxError(f"The layer holds the path {entry.path!r} twice.")
        previous = entry.path
    return ordered


def write_tar(entries: Iterable[Entry], stream: BinaryIO) -> List[PathInfo]:
    """Write the entries, sorted, as a tar; return what was written in the same order.

    Raises:
        SandboxError: a path is not normal, stands twice, is a whiteout, or changed while read.
    """
    paths: List[PathInfo] = []
    first_of_group: Dict[str, PathInfo] = {}
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 16) as tar:
        for entry in _checked(entries):
            info = _tar_info(entry)
            sha256, size = "", 0
            first = first_of_group.get(entry.hardlink_group) if entry.hardlink_group else None
            if first is not None:
                info.type, info.linkname, info.size = tarfile.LNKTYPE, first.path, 0
                sha256, size = first.sha256, first.size
                tar.addfile(info)
            elif entry.kind == "file":
                assert entry.open is not None
                with entry.open() as content:
                    reader = _HashingReader(content)
                    tar.addfile(info, reader)  # type: ignore[arg-type]
                sha256, size = reader.sha256.hexdigest(), entry.size
            else:
                tar.addfile(info)
            written = PathInfo(
                path=entry.path,
                kind=entry.kind,
                mode=info.mode,
                uid=entry.uid,
                gid=entry.gid,
                mtime=entry.mtime,
                size=size,
                sha256=sha256,
                link=entry.link,
                capability=entry.capability,
                package=entry.package,
            )
            paths.append(written)
            if entry.hardlink_group and first is None:
                first_of_group[entry.hardlink_group] = written
    return paths


def write_layer(
    entries: Iterable[Entry],
    contents: Iterable[Package],
    output: Path,
    codec: str,
    tools: Tuple[Path, Dict[str, str]],
) -> None:
    """Write a layer's blob, descriptor and lists into the folder `output`.

    Args:
        entries: What the layer holds, in any order. Parents are not made up: give them.
        contents: The packages inside.
        codec: `gzip` or `zstd`.
        tools: Folder of the compressors and the environment that runs them.
    """
    output.mkdir(parents=True, exist_ok=True)
    folder, env = tools
    blob = BlobWriter(output / BLOB, codec, folder, env)
    try:
        paths = write_tar(entries, blob)  # type: ignore[arg-type]
    finally:
        blob.close()
    (output / PATHS).write_text(mtree.dumps(paths))
    contents = list(contents)
    (output / PACKAGES).write_text(packages.dumps(contents))
    descriptor = LayerDescriptor(
        target="",
        media_type=blob.media_type,
        digest=blob.digest,
        size=blob.size,
        diff_id=blob.diff_id,
        uncompressed_size=blob.uncompressed_size,
        codec=blob.command,
        path_count=len(paths),
        packages=tuple(sorted(package.purl for package in contents)),
    )
    (output / DESCRIPTOR).write_bytes(descriptor.to_json())
