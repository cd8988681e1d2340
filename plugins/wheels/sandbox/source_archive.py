"""Unpacks source distributions that are not trusted."""

from __future__ import annotations

import calendar
import errno
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Iterator, Tuple

from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError

_EPOCH_OF_ZIP = 315532800


def _is_normal(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _write(target: Path, content: bytes, executable: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if executable else 0o644)


def _tar_members(path: Path) -> Iterator[Tuple[str, bytes, bool, int]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if not _is_normal(member.name):
                raise ValueError(f"its member {member.name!r} is no normal relative path")
            # Links could lead out of the tree, and no build of ours needs one.
            if member.isreg():
                content = archive.extractfile(member)
                assert content is not None
                yield member.name, content.read(), bool(member.mode & 0o100), int(member.mtime)


def _zip_members(path: Path) -> Iterator[Tuple[str, bytes, bool, int]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not _is_normal(info.filename):
                raise ValueError(f"its member {info.filename!r} is no normal relative path")
            if not info.is_dir():
                executable = bool((info.external_attr >> 16) & 0o100)
                mtime = calendar.timegm(info.date_time)
                yield info.filename, archive.read(info), executable, mtime


def unpack(path: Path, folder: Path) -> Tuple[Path, int]:
    """Unpack a source distribution.

    Returns:
        The folder of its sources, and the time of its newest file in seconds since the epoch.

    Raises:
        SandboxError: it is damaged, or has members outside of its folder.
    """
    newest = _EPOCH_OF_ZIP
    try:
        members = _zip_members(path) if path.suffix == ".zip" else _tar_members(path)
        for name, content, executable, mtime in members:
            _write(folder / name, content, executable)
            newest = max(newest, mtime)
        (top,) = folder.iterdir()
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SandboxError(
            f"The source distribution {path.name} cannot be unpacked, {reason}: lock another one."
        ) from None
    return top, newest
