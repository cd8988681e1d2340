"""What a system has on top of the layers below it."""

from __future__ import annotations

import hashlib
from typing import Callable, Dict, Iterable, List

from oci.format.mtree import PathInfo
from oci.sandbox.bytecode import is_bytecode
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import Entry

_CHUNK = 1 << 20


def _sha256(entry: Entry) -> str:
    digest = hashlib.sha256()
    assert entry.open is not None
    with entry.open() as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _info(entry: Entry, sha256: str) -> PathInfo:
    return PathInfo(
        path=entry.path,
        kind=entry.kind,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        mtime=entry.mtime,
        size=entry.size,
        sha256=sha256,
        link=entry.link,
        capability=entry.capability,
    )


def _same(entry: Entry, below: PathInfo) -> bool:
    # Most files differ in size or kind, if they differ at all.
    if entry.kind != below.kind or entry.size != below.size:
        return False
    sha256 = _sha256(entry) if entry.kind == "file" else ""
    return _info(entry, sha256).same_as(below)


def difference(
    entries: Iterable[Entry],
    below: Dict[str, PathInfo],
    address: str,
    bases: List[str],
    settled: Callable[[str], bool],
) -> List[Entry]:
    """The entries that the layers below do not have in the same form.

    Time stamps alone make no difference.

    Args:
        entries: All of the system.
        below: What the layers below hold, by path.
        address: Of the target, for errors.
        bases: Of the layers below, for errors.
        settled: Whether a path is only ever written by the lowest layer.

    Raises:
        SandboxError: the system lacks a path that a layer below holds.
    """
    result = []
    missing = dict(below)
    for entry in entries:
        known = missing.pop(entry.path, None)
        if known is None or not _same(entry, known):
            result.append(entry)
    # Bytecode does not count as content: it follows from the source.
    gone = sorted(path for path in missing if not (is_bytecode(path) or settled(path)))
    if gone:
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        paths = ", ".join(f"/{path}" for path in gone[:3])
        raise SandboxError(
            f"{address}: its packages remove {paths}{more}, which {bases[-1]} holds, and a layer "
            "cannot delete: move what conflicts into the same layer, or choose other packages."
        )
    return result
