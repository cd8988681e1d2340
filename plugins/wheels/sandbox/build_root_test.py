from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path
from typing import Callable

import pytest
from wheels.sandbox.build_root import BuildRoot

CONTENT = b"a compiler"


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    with tarfile.open(path, "w") as tar:
        for name in ("usr/bin/cc", "usr/bin/ld"):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(CONTENT), 0o755
            tar.addfile(info, io.BytesIO(CONTENT))
    return path


def unpacked(blob: Path, cache: Path) -> Path:
    return BuildRoot(blob, "root", cache, tools=Path("/nonexistent")).path


def test_a_root_is_unpacked_once(blob: Path, tmp_path: Path) -> None:
    root = unpacked(blob, tmp_path / "cache")
    before = (root / "usr/bin/cc").stat().st_ino

    assert unpacked(blob, tmp_path / "cache") == root
    assert (root / "usr/bin/cc").stat().st_ino == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / "usr/bin/cc").unlink(),
        lambda root: (root / "usr/bin/cc").write_bytes(b""),
        lambda root: (root / "usr/bin/cc").write_bytes(CONTENT[::-1]),
        lambda root: (root / "usr/bin/cc").chmod(0o644),
        lambda root: (root / "usr/bin/more").write_bytes(CONTENT),
        lambda root: shutil.rmtree(root / "usr"),
        lambda root: shutil.rmtree(root),
        lambda root: (root.parent / "root.seal").unlink(),
    ],
)
def test_a_damaged_root_is_unpacked_again(
    damage: Callable[[Path], object], blob: Path, tmp_path: Path
) -> None:
    root = unpacked(blob, tmp_path / "cache")
    damage(root)

    unpacked(blob, tmp_path / "cache")

    programs = {path.name: path for path in (root / "usr/bin").iterdir()}
    assert {name: path.read_bytes() for name, path in programs.items()} == {
        "cc": CONTENT,
        "ld": CONTENT,
    }
    assert programs["cc"].stat().st_mode & 0o777 == 0o755
