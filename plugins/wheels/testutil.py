"""Small real wheels for tests."""

from __future__ import annotations

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Mapping, Union

Content = Union[str, bytes]


def record_hash(content: bytes) -> str:
    """A hash as RECORD writes it."""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def make_wheel(
    folder: Path,
    name: str,
    files: Mapping[str, Content],
    *,
    version: str = "1.0",
    record: Mapping[str, str] = {},
    executables: frozenset[str] = frozenset(),
    date: tuple[int, int, int] = (2022, 7, 1),
) -> Path:
    """Write a wheel of pure Python.

    Args:
        folder: Where to; it is made if it is not there.
        name: Of the distribution, as file names spell it: with underscores.
        files: Content by path in the wheel. METADATA, WHEEL and RECORD are added.
        record: Hashes that RECORD shall give instead of the true ones, by path; "" leaves out.
        executables: Members with the executable bit.
        date: Of all members.
    """
    dist_info = f"{name}-{version}.dist-info"
    contents = {
        path: text.encode() if isinstance(text, str) else text for path, text in files.items()
    }
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    contents.setdefault(f"{dist_info}/METADATA", metadata.encode())
    contents.setdefault(
        f"{dist_info}/WHEEL",
        b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    )
    rows = [
        f"{path},{record.get(path, record_hash(content))},{len(content)}\n"
        for path, content in contents.items()
        if record.get(path) != ""
    ]
    contents[f"{dist_info}/RECORD"] = "".join([*rows, f"{dist_info}/RECORD,,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in contents.items():
            info = zipfile.ZipInfo(member, (*date, 12, 0, 0))
            info.external_attr = (0o100755 if member in executables else 0o100644) << 16
            archive.writestr(info, content)
    return path
