from __future__ import annotations

import hashlib
import io
import random
import tarfile
from dataclasses import replace
from typing import List

import pytest
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import Entry, file_entry, write_tar

ENTRIES = [
    Entry("srv", "dir", 0o755, 1),
    Entry("srv/data", "dir", 0o2775, 1, uid=50000),
    file_entry("srv/data/a", b"content", 0o600, 2, uid=50000, gid=7),
    Entry("srv/link", "link", 0o755, 3, link="data/a"),
]


def write(entries: List[Entry]) -> bytes:
    stream = io.BytesIO()
    write_tar(entries, stream)
    return stream.getvalue()


def members(entries: List[Entry]) -> List[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(write(entries))) as tar:
        return tar.getmembers()


def test_the_order_of_entries_does_not_matter() -> None:
    shuffled = list(ENTRIES)
    random.Random(1).shuffle(shuffled)
    assert write(shuffled) == write(ENTRIES)


def test_members_keep_mode_owner_and_time_and_have_no_names_of_owners() -> None:
    found = {member.name: member for member in members(ENTRIES)}
    data, a, link = found["srv/data"], found["srv/data/a"], found["srv/link"]
    assert (data.mode, data.uid, data.gid) == (0o2775, 50000, 0)
    assert (a.mode, a.uid, a.gid, a.mtime, a.size) == (0o600, 50000, 7, 2, 7)
    assert (link.mode, link.linkname) == (0o777, "data/a")
    assert {member.uname for member in found.values()} == {""}


def test_what_was_written_is_reported_with_digests() -> None:
    paths = {info.path: info for info in write_tar(ENTRIES, io.BytesIO())}
    assert paths["srv/data/a"].sha256 == hashlib.sha256(b"content").hexdigest()
    assert paths["srv/data/a"].size == 7
    assert paths["srv/link"].link == "data/a"


def test_files_of_one_inode_are_stored_once() -> None:
    a, b = (replace(file_entry(path, b"x" * 9000, 0o755, 1), hardlink_group="i") for path in "ba")
    first, second = members([a, b])
    assert (first.name, first.size) == ("a", 9000)
    assert (second.type, second.linkname) == (tarfile.LNKTYPE, "a")


def test_a_capability_is_kept() -> None:
    capability = "0100000200200000000000000000000000000000"
    (member,) = members([replace(file_entry("ping", b"", 0o755, 1), capability=capability)])
    value = member.pax_headers["SCHILY.xattr.security.capability"]
    assert value.encode("utf-8", "surrogateescape").hex() == capability


@pytest.mark.parametrize("path", ["", "/etc", "a/../b", "./a", "a//b", "a/"])
def test_paths_that_are_not_normal_are_refused(path: str) -> None:
    with pytest.raises(SandboxError, match="cannot stand in a layer"):
        write([file_entry(path, b"", 0o644, 1)])


def test_a_layer_cannot_delete() -> None:
    with pytest.raises(SandboxError, match="layers only add"):
        write([file_entry("etc/.wh.passwd", b"", 0o644, 1)])


def test_a_path_stands_once() -> None:
    with pytest.raises(SandboxError, match="'etc' twice"):
        write([Entry("etc", "dir", 0o755, 1), Entry("etc", "dir", 0o755, 2)])
