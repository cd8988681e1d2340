"""Unpacks source distributions that are not trusted."""

from __future__ import annotations

import calendar
import errno
import os
import posixpath
import stat
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Iterator, List, Tuple

from oci.format.zip_epoch import ZIP_EPOCH
from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError


@dataclass(frozen=True)
class _Member:
    """A path of an archive: a folder, a regular file, or a link to one of these."""

    name: str

    kind: str
    """`folder`, `file`, `link` (symbolic), or `same` (another name of a file before it)."""

    content: bytes = b""
    executable: bool = False
    mtime: int = 0

    target: str = ""
    """Where a link leads to, as the archive says it."""


def _is_normal(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _tar_members(path: Path) -> Iterator[_Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isreg():
                content = archive.extractfile(info)
                assert content is not None
                executable = bool(info.mode & 0o100)
                yield _Member(info.name, "file", content.read(), executable, int(info.mtime))
            elif info.isdir():
                yield _Member(info.name, "folder")
            elif info.issym() or info.islnk():
                kind = "link" if info.issym() else "same"
                yield _Member(info.name, kind, target=info.linkname)
            else:
                raise ValueError(f"its member {info.name!r} is a device or a pipe")


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            if info.is_dir():
                yield _Member(info.filename, "folder")
            elif stat.S_ISLNK(mode):
                target = archive.read(info).decode("utf-8", "surrogateescape")
                yield _Member(info.filename, "link", target=target)
            else:
                mtime = calendar.timegm(info.date_time)
                yield _Member(info.filename, "file", archive.read(info), bool(mode & 0o100), mtime)


class _Tree:
    """Writes members below a folder, and nothing elsewhere.

    Symbolic links are made last, so that no member is written through one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._links: List[_Member] = []

    def add(self, member: _Member) -> None:
        path = self._folder / member.name
        if member.kind == "folder":
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "link":
            self._links.append(member)
        elif member.kind == "same":
            original = self._folder / member.target
            if not _is_normal(member.target) or not original.is_file():
                raise ValueError(f"its link {member.name!r} names no file before it")
            path.write_bytes(original.read_bytes())
            path.chmod(original.stat().st_mode & 0o777)
        else:
            path.write_bytes(member.content)
            path.chmod(0o755 if member.executable else 0o644)

    def finish(self) -> Path:
        """Make the links, and return the one folder that holds everything."""
        (top,) = self._folder.iterdir()
        for link in self._links:
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(link.name), link.target))
            if posixpath.isabs(link.target) or inside.split("/")[0] != top.name:
                raise ValueError(f"its link {link.name!r} leads out of it, to {link.target!r}")
            path = self._folder / link.name
            if os.path.realpath(path.parent) != str(path.parent):
                raise ValueError(f"its link {link.name!r} stands below another link")
            path.symlink_to(link.target)
        for link in self._links:
            # Together, links can lead where none of them leads alone.
            real = Path(os.path.realpath(self._folder / link.name))
            if top not in (real, *real.parents):
                raise ValueError(f"its link {link.name!r} leads out of it, to {link.target!r}")
        return top


def unpack(path: Path, folder: Path) -> Tuple[Path, int]:
    """Unpack a source distribution.

    Args:
        path: A tar, with any compression that Python knows, or a zip.
        folder: Where to; made where it is absent.

    Returns:
        The folder of its sources, and the time of its newest file in seconds since the epoch.

    Raises:
        SandboxError: it is damaged, has members or links outside of its folder, or holds what is
            neither folder, file nor link.
    """
    newest = ZIP_EPOCH
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tree = _Tree(folder.resolve())
        for member in _zip_members(path) if path.suffix == ".zip" else _tar_members(path):
            if not _is_normal(member.name):
                raise ValueError(f"its member {member.name!r} is not a normal relative path")
            tree.add(member)
            newest = max(newest, member.mtime)
        top = tree.finish()
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SandboxError(
            f"The source distribution {path.name} cannot be unpacked, {reason}: lock another one."
        ) from None
    return top, newest
