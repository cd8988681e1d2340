from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Dict, List

import pytest
from debian.sandbox.difference import difference
from oci.format.mtree import PathInfo
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import Entry, file_entry

STATUS = file_entry("var/lib/dpkg/status", b"Package: a\n", 0o644, mtime=1)
ETC = Entry("etc", "dir", 0o755, mtime=1)


def info(entry: Entry, content: bytes = b"") -> PathInfo:
    sha256 = hashlib.sha256(content).hexdigest() if entry.kind == "file" else ""
    return PathInfo(
        entry.path, entry.kind, entry.mode, entry.uid, entry.gid, entry.mtime, entry.size, sha256
    )


BELOW: Dict[str, PathInfo] = {
    "var/lib/dpkg/status": info(STATUS, b"Package: a\n"),
    "etc": info(ETC),
}


def paths(entries: List[Entry]) -> List[str]:
    layer = difference(entries, BELOW, "layers/b:b", ["layers/a:a"], lambda path: False)
    return [entry.path for entry in layer]


def test_a_layer_holds_what_is_new_or_has_changed() -> None:
    status = file_entry(STATUS.path, b"Package: b\n", 0o644, mtime=1)
    added = file_entry("usr/bin/b", b"b", 0o755, mtime=1)

    assert paths([ETC, status, added]) == [STATUS.path, "usr/bin/b"]


def test_another_time_alone_makes_no_difference() -> None:
    assert paths([replace(ETC, mtime=9), replace(STATUS, mtime=9)]) == []


def test_another_owner_or_mode_makes_a_difference() -> None:
    assert paths([replace(ETC, gid=5), replace(STATUS, mode=0o600)]) == ["etc", STATUS.path]


def test_a_deletion_names_the_path_and_both_targets() -> None:
    with pytest.raises(SandboxError) as error:
        paths([ETC])

    assert str(error.value) == (
        "layers/b:b: its packages remove /var/lib/dpkg/status, which layers/a:a holds, and a layer "
        "cannot delete: move what conflicts into the same layer, or choose other packages."
    )


def test_bytecode_below_is_no_deletion() -> None:
    pyc = PathInfo("usr/lib/python3.9/__pycache__/os.cpython-39.pyc", "file", 0o644, 0, 0, 1)
    below = {**BELOW, pyc.path: pyc}

    assert difference([ETC, STATUS], below, "b", ["a"], lambda path: False) == []
