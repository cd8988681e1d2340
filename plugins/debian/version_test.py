from __future__ import annotations

import subprocess

import pytest
from debian.version import DebianVersion

PAIRS = [
    ("1.0", "1.0"),
    ("1.0", "1.0-0"),
    ("1.0~rc1", "1.0"),
    ("1.0", "1.0+b1"),
    ("1:0.1", "2.0"),
    ("1.9-1", "1.10-1"),
    ("2.31-13+deb11u9", "2.31-13+deb11u14"),
    ("20250419~deb12u1~deb11u1", "20250419"),
    ("5.2.5-2.1~deb11u2", "5.2.5-2.1"),
    ("1.0a", "1.0+"),
    ("7.74.0-1.3", "7.74.0-1"),
]


@pytest.mark.parametrize("left, right", PAIRS)
def test_versions_compare_as_dpkg_compares_them(left: str, right: str) -> None:
    for a, b in ((left, right), (right, left)):
        answers = {
            relation: subprocess.run(["dpkg", "--compare-versions", a, relation, b]).returncode == 0
            for relation in ("lt", "eq", "gt")
        }
        ours, theirs = DebianVersion(a), DebianVersion(b)
        assert answers == {"lt": ours < theirs, "eq": ours == theirs, "gt": ours > theirs}
