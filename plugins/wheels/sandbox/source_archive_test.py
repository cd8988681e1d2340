from __future__ import annotations

import io
import tarfile
import zipfile
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


Special = Tuple[str, bytes, str]


def special(tmp_path: Path, *members: Special) -> Path:
    path = tmp_path / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, link in (("demo-1.0/src/a.c", tarfile.REGTYPE, ""), *members):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, link, 0o755
            info.size = 1 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"x"))
    return path


def test_links_and_empty_folders_are_unpacked_too(tmp_path: Path) -> None:
    path = special(
        tmp_path,
        ("demo-1.0/README", tarfile.SYMTYPE, "src/a.c"),
        ("demo-1.0/include", tarfile.SYMTYPE, "src/../src"),
        ("demo-1.0/later", tarfile.SYMTYPE, "nothing"),
        ("demo-1.0/src/b.c", tarfile.LNKTYPE, "demo-1.0/src/a.c"),
        ("demo-1.0/empty", tarfile.DIRTYPE, ""),
    )

    folder, _ = unpack(path, tmp_path / "out")

    assert (folder / "README").read_bytes() == b"x"
    assert (folder / "include/a.c").read_bytes() == b"x"
    assert (folder / "later").is_symlink() and not (folder / "later").exists()
    assert (folder / "src/b.c").read_bytes() == b"x"
    assert (folder / "src/b.c").stat().st_mode & 0o777 == 0o755
    assert (folder / "empty").is_dir()


def test_a_link_of_a_zip_is_a_link(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-1.0/a.c", "x")
        link = zipfile.ZipInfo("demo-1.0/b.c")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "a.c")

    folder, _ = unpack(path, tmp_path / "out")

    assert (folder / "b.c").read_text() == "x"


@pytest.mark.parametrize(
    "member, problem",
    [
        (("demo-1.0/l", tarfile.SYMTYPE, "/etc/passwd"), "its link 'demo-1.0/l' leads out of it"),
        (("demo-1.0/l", tarfile.SYMTYPE, "../../x"), "its link 'demo-1.0/l' leads out of it"),
        (("demo-1.0/l", tarfile.SYMTYPE, ".."), "its link 'demo-1.0/l' leads out of it"),
        (("demo-1.0/l", tarfile.LNKTYPE, "demo-1.0/x"), "names no file before it"),
        (("demo-1.0/l", tarfile.LNKTYPE, "../x"), "names no file before it"),
        (("demo-1.0/p", tarfile.FIFOTYPE, ""), "its member 'demo-1.0/p' is a device or a pipe"),
    ],
)
def test_what_cannot_be_unpacked_as_it_is_is_told(
    tmp_path: Path, member: Special, problem: str
) -> None:
    with pytest.raises(SandboxError, match="demo-1.0.tar.gz cannot be unpacked") as error:
        unpack(special(tmp_path, member), tmp_path / "out")
    assert problem in str(error.value)


@pytest.mark.parametrize("name", ["../evil", "/evil", "demo-1.0/../../evil"])
def test_a_member_outside_of_the_sources_is_refused(tmp_path: Path, name: str) -> None:
    path = sdist(tmp_path, (name, 0o644, 0))

    with pytest.raises(SandboxError, match="demo-1.0.tar.gz.*not a normal relative path"):
        unpack(path, tmp_path / "out")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(b"\x1f\x8bgarbage")

    with pytest.raises(SandboxError, match="demo-1.0.tar.gz cannot be unpacked"):
        unpack(path, tmp_path / "out")
