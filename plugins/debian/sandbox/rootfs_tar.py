"""Reads the tar of an installed system as entries of a layer."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from typing import BinaryIO, Callable, Dict, Iterator, Set

from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import Entry

_CAPABILITY = "SCHILY.xattr.security.capability"


_BUFFER = 1 << 18


class _Member(io.RawIOBase):
    """The content of one file of the tar; its position is its own."""

    def __init__(self, tar: BinaryIO, offset: int, size: int) -> None:
        self._tar, self._next, self._end = tar, offset, offset + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        self._tar.seek(self._next)
        data = self._tar.read(min(len(buffer), self._end - self._next))
        buffer[: len(data)] = data
        self._next += len(data)
        return len(data)


def _opener(tar: BinaryIO, offset: int, size: int) -> Callable[[], BinaryIO]:
    def open_member() -> BinaryIO:
        return io.BufferedReader(_Member(tar, offset, size), _BUFFER)

    return open_member


def _capability(info: tarfile.TarInfo) -> str:
    return info.pax_headers.get(_CAPABILITY, "").encode("utf-8", "surrogateescape").hex()


def _kind(info: tarfile.TarInfo) -> str:
    if info.isdir():
        return "dir"
    if info.issym():
        return "link"
    return "file" if info.isreg() else ""


def _shown(path: str) -> str:
    """A path in one line."""
    return path.encode("unicode_escape").decode()[:200]


def _path(name: str) -> str:
    return name[2:].rstrip("/") if name.startswith("./") else name.strip("/")


def _collect(
    stream: BinaryIO,
    epoch: int,
    keep: Callable[[str, bool], bool],
    entries: Dict[str, Entry],
    shared: Set[str],
) -> None:
    """Fill `entries` with all members, and `shared` with the paths that hard links lead to."""
    # Unwanted files too: a wanted name can share their content.
    with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as tar:
        for info in tar:
            path, kind = _path(info.name), _kind(info)
            if path in ("", "."):
                continue
            if info.islnk():
                first = _path(info.linkname)
                shared.add(first)
                entries[path] = replace(entries[first], path=path, hardlink_group=first)
            elif kind:
                is_file = kind == "file"
                entries[path] = Entry(
                    path,
                    kind,
                    info.mode & 0o7777,
                    min(int(info.mtime), epoch),
                    info.uid,
                    info.gid,
                    link=info.linkname if kind == "link" else "",
                    open=_opener(stream, info.offset_data, info.size) if is_file else None,
                    size=info.size if is_file else 0,
                    capability=_capability(info),
                )
            elif keep(path, False):
                raise SandboxError(
                    f"/{_shown(path)}: a package made a device, pipe or socket there, which a "
                    "layer cannot hold: add the path to `excludes`."
                )


def read_entries(
    stream: BinaryIO, epoch: int, keep: Callable[[str, bool], bool]
) -> Iterator[Entry]:
    """Entries of the tar that `keep` wants, given path and whether it is a directory.

    The stream must stay open while the entries are in use: their content is read from it.

    Args:
        stream: The tar, seekable.
        epoch: Seconds; later times become this one.

    Raises:
        SandboxError: a path that is wanted is not a file, directory or link.
    """
    entries: Dict[str, Entry] = {}
    shared: Set[str] = set()
    try:
        _collect(stream, epoch, keep, entries, shared)
    except DAMAGE as error:
        reason = " ".join(str(error).split())
        raise SandboxError(
            f"The installed system cannot be read ({type(error).__name__}: {reason}): build again."
        ) from None
    for path, entry in entries.items():
        if keep(path, entry.kind == "dir"):
            yield replace(entry, hardlink_group=path) if path in shared else entry
