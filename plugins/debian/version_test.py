from __future__ import annotations

import subprocess

import pytest
from debian.version import DebianVersion
from hypothesis import given
from hypothesis import strategies as st
from oci.testing.fuzz import fuzzed

PAIRS = [
    ("1.0", "1.0"),
    ("1.0", "1.0-0"),
    ("1.0", "1.00"),
    ("1.0", "1."),
    ("1.0~rc1", "1.0"),
    ("1.0~", "1.0~~"),
    ("1.0", "1.0+b1"),
    ("1:0.1", "2.0"),
    ("1.9-1", "1.10-1"),
    ("1.0-1-2", "1.0-1-10"),
    ("2.31-13+deb11u9", "2.31-13+deb11u14"),
    ("20250419~deb12u1~deb11u1", "20250419"),
    ("5.2.5-2.1~deb11u2", "5.2.5-2.1"),
    ("1.0a", "1.0+"),
    ("7.74.0-1.3", "7.74.0-1"),
]
VERSIONS = st.from_regex(r"([0-3]:)?[0-9][0-9ab.+~]{0,5}(-[0-9ab.+~]{1,4})?", fullmatch=True)


def compare(left: str, right: str) -> None:
    answers = {
        relation: subprocess.run(["dpkg", "--compare-versions", left, relation, right]).returncode
        for relation in ("lt", "eq")
    }
    ours, theirs = DebianVersion(left), DebianVersion(right)
    assert answers == {"lt": not ours < theirs, "eq": not ours == theirs}
    assert (ours == theirs) <= (hash(ours) == hash(theirs))


@pytest.mark.parametrize("left, right", PAIRS)
def test_versions_compare_as_dpkg_compares_them(left: str, right: str) -> None:
    compare(left, right)
    compare(right, left)


@fuzzed(100)
@given(VERSIONS, VERSIONS)
def test_so_do_any_others(left: str, right: str) -> None:
    compare(left, right)


def test_a_version_is_read_as_it_is_written() -> None:
    assert str(max(map(DebianVersion, ["1:2.0-1", "3.0"]))) == "1:2.0-1"
