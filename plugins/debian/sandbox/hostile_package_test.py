"""Debian packages and trees, whatever is in them, are read into their place or refused."""

from __future__ import annotations

import io
import lzma
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from debian.sandbox.changelogs import documentation, entries
from debian.sandbox.licences import licences
from debian.sandbox.repack import repack
from debian.sandbox.rootfs_tar import read_entries
from debian.sandbox.status import distribution, records
from hypothesis import given
from hypothesis import strategies as st
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import write_tar
from oci.testing.fuzz import PATHS, TAR_KINDS, fuzzed, mangled

CONTROL = b"Package: bad\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n"
Member = Tuple[str, bytes, str]


def tar_of(members: List[Member], content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def deb_of(data: bytes) -> bytes:
    """A package. Source: deb(5)."""
    members = (
        (b"debian-binary", b"2.0\n"),
        (b"control.tar", tar_of([("./control", tarfile.REGTYPE, "")], CONTROL)),
        (b"data.tar.xz", lzma.compress(data)),
    )
    result = b"!<arch>\n"
    for name, content in members:
        result += b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o100644, len(content))
        result += content + b"\n" * (len(content) % 2)
    return result


GOOD = deb_of(tar_of([("./", tarfile.DIRTYPE, ""), ("./a", tarfile.REGTYPE, "")]))


@fuzzed(200)
@given(mangled(GOOD))
def test_a_damaged_package_is_repacked_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "bad.deb"), Path(folder, "good.deb")
        source.write_bytes(content)
        try:
            repack(source, target)
        except SandboxError as error:
            assert "\n" not in str(error)


def test_a_member_of_negative_size_is_refused(tmp_path: Path) -> None:
    header = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (b"data.tar", 0, 0, 0, 0o100644, -60)
    (tmp_path / "bad.deb").write_bytes(b"!<arch>\n" + header)

    with pytest.raises(SandboxError, match="bad.deb: the package is damaged"):
        repack(tmp_path / "bad.deb", tmp_path / "good.deb")


@fuzzed(40)
@given(mangled(GOOD))
def test_the_changelog_of_a_damaged_package_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        deb = Path(folder, "bad_1.0_all.deb")
        deb.write_bytes(content)
        try:
            documentation(deb, "bad")
        except SandboxError as error:
            assert "\n" not in str(error)


def test_a_changelog_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    deb = tmp_path / "bad_1.0_all.deb"
    path = "./usr/share/doc/bad/changelog.gz"
    deb.write_bytes(deb_of(tar_of([(path, tarfile.REGTYPE, "")])))

    with pytest.raises(SandboxError, match="bad_1.0_all.deb: its changelog is damaged"):
        documentation(deb, "bad")


TEXTS = (
    b"bad (1.0-1) bullseye; urgency=low\n\n  * CVE-2022-1234\n\n"
    b" -- x <x@x>  Fri, 24 Jun 2022 10:00:00 +0200\n",
    b"Format: https://x\n\nFiles: *\nLicense: GPL-2\n",
    b"Package: a\nSource: b (1.0)\nVersion: 1.0\nDepends: c, d | e\n\nPackage: c\nVersion: 2\n",
    b'ID=debian\nVERSION_ID="11"\n',
)


@fuzzed(200)
@given(st.sampled_from(TEXTS).flatmap(mangled) | st.binary(max_size=60))
def test_control_data_is_read_whatever_it_is(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    fixes = {fix for entry in entries(text, "2000-01-01") for fix in entry.fixes}
    assert all(re.fullmatch(r"(CVE-\d{4}|D[LS]A)-\d+(-\d+)?", fix) for fix in fixes)
    # What becomes a line or a value of a document.
    words = [*licences(text), distribution(text)]
    for record in records(text).values():
        words += record.requires
        if record.source:
            assert not re.search(r"\s", record.source.name)
    assert all(word and "\n" not in word and word == word.strip() for word in words)


def layer(content: bytes) -> None:
    """Read the tar of a system, and write what is in it as a layer."""
    stream = io.BytesIO(content)
    try:
        written = write_tar(read_entries(stream, 1, lambda path, folder: True), io.BytesIO())
    except SandboxError as error:
        assert "\n" not in str(error)
        return
    for info in written:
        assert not info.path.startswith("/") and ".." not in info.path.split("/")


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from([name for name in PATHS if "\0" not in name]),
        st.sampled_from(TAR_KINDS),
        st.sampled_from(["a", "../escaped", "/escaped", "a/b", ""]),
    ),
    max_size=5,
)


@fuzzed(200)
@given(MEMBERS)
def test_no_path_of_a_system_leaves_its_layer(members: List[Member]) -> None:
    layer(tar_of(members))


@fuzzed(200)
@given(mangled(tar_of([("./a", tarfile.REGTYPE, ""), ("./b", tarfile.LNKTYPE, "./a")])))
def test_a_damaged_tar_of_a_system_is_read_or_refused(content: bytes) -> None:
    layer(content)


def toolchain(folder: Path, members: List[Member]) -> "subprocess.CompletedProcess[str]":
    """Unpack a package as toolchains are, with something beside that must stay."""
    (folder / "sandbox" / "debs").mkdir(parents=True)
    (folder / "share" / "doc").mkdir(parents=True)
    (folder / "share" / "doc" / "kept").write_text("kept")
    (folder / "sandbox" / "debs" / "bad.deb").write_bytes(deb_of(tar_of(members)))
    script = folder / "sandbox" / "unpack.sh"
    shutil.copy(Path(__file__).with_name("unpack.sh"), script)
    run = subprocess.run(
        ["/bin/bash", "unpack.sh"],
        cwd=script.parent,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert sorted(each.name for each in folder.iterdir()) == ["sandbox", "share"]
    assert (folder / "share" / "doc" / "kept").read_text() == "kept"
    assert [each.name for each in (folder / "share").iterdir()] == ["doc"]
    assert set(each.name for each in script.parent.iterdir()) <= {"debs", "tree", "unpack.sh"}
    return run


@pytest.mark.parametrize(
    "members",
    [
        [("../escaped", tarfile.REGTYPE, "")],
        [("./../../escaped", tarfile.REGTYPE, "")],
        [("./usr/out", tarfile.SYMTYPE, "../../.."), ("./usr/out/escaped", tarfile.REGTYPE, "")],
        [("./out", tarfile.SYMTYPE, "../.."), ("./out/share/doc/kept", tarfile.REGTYPE, "")],
        [("./a", tarfile.LNKTYPE, "../../share/doc/kept"), ("./a", tarfile.REGTYPE, "")],
    ],
)
def test_no_package_of_a_toolchain_writes_elsewhere(tmp_path: Path, members: List[Any]) -> None:
    run = toolchain(tmp_path, [("./", tarfile.DIRTYPE, ""), *members])

    tree = tmp_path / "sandbox" / "tree"
    links = [each for each in tree.rglob("*") if each.is_symlink()] if run.returncode == 0 else []
    assert not [link for link in links if tree.resolve() not in link.resolve().parents]


@pytest.mark.parametrize("name, target", [("usr", "../.."), ("usr/share", "../../../share")])
def test_what_is_left_out_of_a_toolchain_is_not_removed_elsewhere(
    tmp_path: Path, name: str, target: str
) -> None:
    run = toolchain(tmp_path, [("./", tarfile.DIRTYPE, ""), (f"./{name}", tarfile.SYMTYPE, target)])

    assert run.returncode == 1
    assert f"makes /{name} a link" in run.stderr
