"""Locks and apt's answers, whatever is in them, are read or refused in one sentence."""

from __future__ import annotations

import json
import re
from typing import Any, Dict

import pytest
from debian.lock import DebianLock
from debian.lock_test import LOCK, PACKAGE
from debian.solution import make_lock
from hypothesis import given
from hypothesis import strategies as st
from locks.lock import LockError
from oci.testing.fuzz import PATHS, TOO_DEEP, altered, fuzzed, mangled

SOLUTION = {
    "archives": "debian http://archive.example/debian\n",
    "packages": (
        "Package: tini\nVersion: 0.19.0-1\nArchitecture: amd64\nSize: 5\n"
        f"Filename: pool/main/t/tini_0.19.0-1_amd64.deb\nSHA256: {'ab' * 32}\n"
    ),
    "closure.0": "http://archive.example/debian/pool/main/t/tini_0.19.0-1_amd64.deb tini_0.deb\n",
    "suites": "bullseye bullseye-security\n",
    "architecture": "amd64\n",
    "dates": "Sat, 12 Sep 2026 09:27:08 UTC\n",
}
TARGETS = [("layers/os:os", ("tini",), None)]


def read(content: bytes) -> None:
    """Read a lock, and hold it against what scripts do with it."""
    try:
        lock = DebianLock.from_json("a.lock", content, "renew")
    except LockError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("a.lock: ")
        return
    for each in lock.packages.values():
        # It becomes a line whose fields are apart by tabs, and the name of a file.
        assert re.fullmatch(r"[0-9a-f]{64}", each.sha256)
        assert re.fullmatch(r"[!-~]+", f"{each.name}{each.filename}{each.archive}{each.version}")
        assert each.filename.rpartition("/")[2].endswith(".deb")
        assert ".." not in each.filename.split("/")


@fuzzed(200)
@given(altered(json.loads(LOCK.to_json())))
def test_a_lock_with_other_values_is_read_or_refused(document: Any) -> None:
    read(json.dumps(document).encode())


@fuzzed(100)
@given(mangled(LOCK.to_json()))
def test_a_damaged_lock_is_read_or_refused(content: bytes) -> None:
    read(content)


@pytest.mark.parametrize("field", ["filename", "sha256", "archive", "version"])
def test_a_lock_names_no_file_elsewhere(field: str) -> None:
    document = json.loads(LOCK.to_json())
    for value in PATHS:
        document["packages"]["tini"][field] = value
        read(json.dumps(document).encode())


def test_a_lock_that_is_nested_too_deeply_is_refused() -> None:
    read(TOO_DEEP)


def test_what_apt_says_becomes_a_lock() -> None:
    assert make_lock("bullseye", SOLUTION, TARGETS).packages["tini"] == PACKAGE


@fuzzed(200)
@given(st.sampled_from(sorted(SOLUTION)).flatmap(lambda name: _damaged(name)))
def test_a_damaged_answer_of_apt_is_read_or_refused(files: Dict[str, str]) -> None:
    try:
        make_lock("bullseye", files, TARGETS)
    except LockError as error:
        assert "\n" not in str(error)


def _damaged(name: str) -> Any:
    return mangled(SOLUTION[name].encode()).map(
        lambda content: {**SOLUTION, name: str(content, "utf-8", "replace")}
    )
