from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from debian.sandbox.repack import repack, repack_all
from oci.sandbox.errors import SandboxError


@pytest.fixture
def deb(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        "Package: hello\nVersion: 1:2-3\nArchitecture: all\nMaintainer: A <a@b.test>\n"
        "Description: greets\n"
    )
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/hello").write_text("#!/bin/sh\necho hello\n")
    path = tmp_path / "hello_2-3_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "-b", root, path], check=True)
    return path


def contents(deb: Path) -> bytes:
    return subprocess.run(["dpkg-deb", "-c", deb], check=True, capture_output=True).stdout


def test_dpkg_finds_the_same_files_in_a_package_without_compression(
    deb: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()

    repack_all([deb], folder)

    assert contents(folder / deb.name) == contents(deb)
    assert b"echo hello" in (folder / deb.name).read_bytes()


@pytest.mark.parametrize("kept", [0, 7, 100, -10])
def test_a_truncated_package_is_named(deb: Path, tmp_path: Path, kept: int) -> None:
    broken = tmp_path / "broken.deb"
    broken.write_bytes(deb.read_bytes()[:kept])

    with pytest.raises(SandboxError, match="^broken.deb: the (file is no|package is damaged)"):
        repack(broken, tmp_path / "output")
