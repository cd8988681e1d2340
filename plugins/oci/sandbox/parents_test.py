from __future__ import annotations

from oci.sandbox.layer_writer import Entry, file_entry
from oci.sandbox.parents import DIRECTORY_MTIME, with_parents


def test_missing_parents_belong_to_root() -> None:
    found = {entry.path: entry for entry in with_parents([file_entry("a/b/c", b"", 0o644, 5)], {})}
    assert set(found) == {"a", "a/b", "a/b/c"}
    assert found["a"] == Entry("a", "dir", 0o755, DIRECTORY_MTIME)


def test_a_parent_that_is_given_is_kept() -> None:
    given = Entry("a", "dir", 0o775, 7, uid=50000)
    assert given in with_parents([given, file_entry("a/b", b"", 0o644, 5)], {})


def test_a_mode_that_is_known_is_used() -> None:
    found = with_parents([file_entry("tmp/x", b"", 0o644, 5)], {"tmp": 0o1777})
    assert Entry("tmp", "dir", 0o1777, DIRECTORY_MTIME) in found
