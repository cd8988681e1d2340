"""What of a build lies in `dist` already, so that only the rest is written.

A file is in place when its stat is what it was when it was last written or read, as in git's index.
One with another stat is read, and is in place when its bytes are. So nobody pays for a gigabyte of
blobs that did not change, and a file that something has touched is written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Union

from pants.engine.fs import FileEntry, SymlinkEntry

Entry = Union[FileEntry, SymlinkEntry]

_CHUNK = 1 << 20


class WrittenFiles:
    """The files of a folder, with the digest of each.

    Args:
        root: The folder. It need not exist.
        record: The file that keeps digests and stats between runs, outside of the folder. One that
            is absent or damaged costs the reading of all files.
    """

    def __init__(self, root: Path, record: Path) -> None:
        self._root = root
        self._record = record
        self._known = _read(record)

    def missing(self, entries: Iterable[Entry]) -> List[Entry]:
        """Those of a build's files that are absent, or are not what was built."""
        return [entry for entry in entries if not self._is_in_place(entry)]

    def _is_in_place(self, entry: Entry) -> bool:
        path = self._root / entry.path
        try:
            found = path.lstat()
            if isinstance(entry, SymlinkEntry):
                return stat.S_ISLNK(found.st_mode) and os.readlink(path) == entry.target
            return (
                stat.S_ISREG(found.st_mode)
                and found.st_size == entry.file_digest.serialized_bytes_length
                and bool(found.st_mode & stat.S_IXUSR) == entry.is_executable
                and self._sha256(entry.path, found) == entry.file_digest.fingerprint
            )
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _sha256(self, path: str, found: os.stat_result) -> str:
        known = self._known.get(path)
        if known is None or known[1:] != _signs(found):
            known = [_hash(self._root / path), *_signs(found)]
            self._known[path] = known
        return str(known[0])

    def remove_others(self, folders: Sequence[str], entries: Iterable[Entry]) -> None:
        """Remove what lies in folders and is not part of what was built.

        Args:
            folders: Below the root; each belongs to one product.
            entries: All that was built.
        """
        built = {entry.path for entry in entries}
        for folder in folders:
            for parent, names, files in os.walk(self._root / folder):
                links = [name for name in names if os.path.islink(os.path.join(parent, name))]
                for name in (*files, *links):
                    path = Path(parent, name)
                    if str(path.relative_to(self._root)) not in built:
                        path.unlink()

    def make_way(self, entries: Iterable[Entry]) -> None:
        """Remove what stands where files are about to be written."""
        for entry in entries:
            self._known.pop(entry.path, None)
            path = self._root / entry.path
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.is_symlink() or path.exists():
                path.unlink()

    def note_written(self, entries: Iterable[Entry]) -> None:
        """Record files that have been written, whole, with what was built."""
        for entry in entries:
            if isinstance(entry, FileEntry):
                found = (self._root / entry.path).lstat()
                self._known[entry.path] = [entry.file_digest.fingerprint, *_signs(found)]
        draft = self._record.with_name(f"{self._record.name}.{os.getpid()}")
        draft.write_text(json.dumps(self._known))
        draft.replace(self._record)


def _read(record: Path) -> Dict[str, List[Any]]:
    try:
        known = json.loads(record.read_bytes())
        return {path: digest for path, digest in known.items() if isinstance(digest, list)}
    except (OSError, ValueError, AttributeError):
        return {}


def _signs(found: os.stat_result) -> List[int]:
    """What changes with a file's content."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _hash(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as content:
        for chunk in iter(lambda: content.read(_CHUNK), b""):
            sha256.update(chunk)
    return sha256.hexdigest()
