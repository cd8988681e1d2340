from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Tuple

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.source_archive import unpack


def sdist(tmp_path: Path, *members: Tuple[str, int, int]) -> Path:
    path = tmp_path / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, mode, mtime in members:
            info = tarfile.TarInfo(name)
            info.mode, info.mtime, info.size = mode, mtime, 1
            archive.addfile(info, io.BytesIO(b"x"))
    return path


def test_sources_have_normal_modes_and_tell_their_newest_time(tmp_path: Path) -> None:
    path = sdist(
        tmp_path,
        ("demo-1.0/setup.py", 0o600, 1_600_000_000),
        ("demo-1.0/configure", 0o777, 1_500_000_000),
    )

    folder, newest = unpack(path, tmp_path / "out")

    assert newest == 1_600_000_000
    assert (folder / "setup.py").stat().st_mode & 0o777 == 0o644
    assert (folder / "configure").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", ["../evil", "/evil", "demo-1.0/../../evil"])
def test_a_member_outside_of_the_sources_is_refused(tmp_path: Path, name: str) -> None:
    path = sdist(tmp_path, (name, 0o644, 0))

    with pytest.raises(SandboxError, match="demo-1.0.tar.gz.*no normal relative path"):
        unpack(path, tmp_path / "out")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(b"\x1f\x8bgarbage")

    with pytest.raises(SandboxError, match="demo-1.0.tar.gz cannot be unpacked"):
        unpack(path, tmp_path / "out")
