from __future__ import annotations

import hashlib

import pytest
from locks.util_rules.fetched_files import check_content
from oci.util_rules.layer_process import BuildStepError
from pants.engine.fs import FileDigest, FileEntry, SymlinkEntry

LOCKED = hashlib.sha256(b"locked").hexdigest()
FORGED = hashlib.sha256(b"forged").hexdigest()


def file(name: str, sha256: str = LOCKED) -> FileEntry:
    return FileEntry(f"debs/{name}", FileDigest(sha256, 6))


def test_what_the_lock_asks_for_passes() -> None:
    check_content("a.lock", {"a.deb": LOCKED, "b.deb": LOCKED}, [file("b.deb"), file("a.deb")])


@pytest.mark.parametrize(
    "entries",
    [
        [file("a.deb", FORGED)],
        [],
        [file("a.deb"), file("b.deb")],
        [SymlinkEntry("debs/a.deb", "/etc/passwd")],
    ],
)
def test_anything_else_is_refused_with_its_name(entries: "list[FileEntry]") -> None:
    with pytest.raises(BuildStepError, match=r"^a.lock: a cache gave another [ab]\.deb than"):
        check_content("a.lock", {"a.deb": LOCKED}, entries)
