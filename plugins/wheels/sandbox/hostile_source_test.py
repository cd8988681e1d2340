"""Source distributions, whatever is in them, are unpacked into their folder or refused."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.sandbox.errors import SandboxError
from oci.testing.fuzz import PATHS, TAR_KINDS, fuzzed, mangled
from wheels.sandbox.source_archive import unpack

LINKS = ("..", "../..", "/", "/tmp", "a", "../escaped", "")


def tar_of(members: List[Tuple[str, bytes, str]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.size = 1 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"x"))
    return stream.getvalue()


def zip_of(names: List[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, name in enumerate(names):
            info = zipfile.ZipInfo("x")
            info.filename = name
            # Every other one says that it is a link.
            info.external_attr = (0o120777 if number % 2 else 0o100644) << 16
            archive.writestr(info, "/etc/passwd")
    return stream.getvalue()


def check(content: bytes, suffix: str = ".tar.gz") -> None:
    """Unpack, and look at what is there besides."""
    with tempfile.TemporaryDirectory() as outside:
        path, folder = Path(outside, f"bad-1.0{suffix}"), Path(outside, "in", "folder")
        folder.mkdir(parents=True)
        path.write_bytes(content)
        try:
            unpack(path, folder)
        except SandboxError as error:
            assert "\n" not in str(error)
        else:
            for each in folder.rglob("*"):
                assert folder.resolve() in Path(os.path.realpath(each)).parents
        assert {each.name for each in Path(outside).iterdir()} == {path.name, "in"}
        assert [each.name for each in folder.parent.iterdir()] == ["folder"]
    assert not Path("/escaped").exists()


@fuzzed(150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*PATHS, "top", "top/a", "top/a/b", "top/../../escaped"]),
            st.sampled_from(TAR_KINDS),
            st.sampled_from(LINKS),
        ),
        max_size=5,
    )
)
def test_no_member_of_a_tar_leaves_the_folder(members: List[Tuple[str, bytes, str]]) -> None:
    check(tar_of(members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@fuzzed(150)
@given(st.lists(st.sampled_from([*PATHS, "top", "top/a", "top/a/b"]), max_size=5))
def test_no_member_of_a_zip_leaves_the_folder(names: List[str]) -> None:
    check(zip_of(names), ".zip")


@pytest.mark.parametrize("link", LINKS)
def test_no_file_goes_through_a_link(link: str) -> None:
    check(tar_of([("top", tarfile.SYMTYPE, link), ("top/escaped", tarfile.REGTYPE, "")]))
    check(tar_of([("top", tarfile.LNKTYPE, link), ("top", tarfile.REGTYPE, "")]))


@pytest.mark.parametrize(
    "members",
    [
        [("top/a", "."), ("top/a/b", "..")],
        [("top/d/up", ".."), ("top/d/up/up", ".."), ("top/d/up/up/escaped", "..")],
        [("top/a", "b/../.."), ("top/b", "c"), ("top/c", "d/e/f")],
    ],
)
def test_no_links_together_lead_out(members: List[Tuple[str, str]]) -> None:
    files = [("top/d/e/f/file", tarfile.REGTYPE, "")]
    check(tar_of([*files, *((name, tarfile.SYMTYPE, link) for name, link in members)]))


@fuzzed(150)
@given(st.data())
def test_a_damaged_archive_is_unpacked_or_refused(data: Any) -> None:
    suffix = data.draw(st.sampled_from([".tar.gz", ".zip"]))
    good = (
        zip_of(["top/a", "top/b"])
        if suffix == ".zip"
        else tar_of([("top/a", tarfile.REGTYPE, ""), ("top/b", tarfile.REGTYPE, "")])
    )
    check(data.draw(mangled(good)), suffix)


@fuzzed(150)
@given(mangled(tar_of([("top/a", tarfile.REGTYPE, ""), ("top/b", tarfile.SYMTYPE, "a")])))
def test_a_damaged_tar_without_compression_is_unpacked_or_refused(content: bytes) -> None:
    check(content, ".tar")
