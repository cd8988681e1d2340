"""Small trees of files, as the tar streams that the engine's API takes."""

from __future__ import annotations

import io
import tarfile
from typing import Mapping, Union

Files = Mapping[str, Union[str, bytes]]
"""Content by relative path; text is written as UTF-8, line ends as they are."""


def tar_of(files: Files, uid: int = 0, gid: int = 0) -> bytes:
    """An uncompressed tar of `files`, readable by all and writable by owner and group.

    Args:
        files: What to write; folders are implied.
        uid: Owner of every file, as a number.
        gid: Group of every file, as a number.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(path)
            info.size = len(data)
            info.mode = 0o664
            info.uid, info.gid = uid, gid
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()
