"""Locks, whatever is in them, are read or refused in one sentence."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from locks.lock import LockError
from oci.testing.fuzz import PATHS, TOO_DEEP, altered, fuzzed, mangled
from wheels.lock import WheelLock
from wheels.lock_test import LOCK


def read(content: bytes) -> None:
    """Read a lock, and hold it against what processes do with it."""
    try:
        lock = WheelLock.from_json("demo.lock", content, "renew")
    except LockError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("demo.lock: ")
        return
    assert hash(lock.distributions) is not None
    for each in lock.distributions.values():
        assert re.fullmatch(r"[0-9a-f]{64}", each.sha256)
        assert "/" not in each.file and each.file.strip(".")
        assert each.size > 0
    assert WheelLock.from_json("demo.lock", lock.to_json(), "renew") == lock


@fuzzed(200)
@given(altered(json.loads(LOCK.to_json())))
def test_a_lock_with_other_values_is_read_or_refused(document: Any) -> None:
    read(json.dumps(document).encode())


@fuzzed(100)
@given(mangled(LOCK.to_json()))
def test_a_damaged_lock_is_read_or_refused(content: bytes) -> None:
    read(content)


def test_a_lock_names_no_file_elsewhere() -> None:
    document = json.loads(LOCK.to_json())
    for name in PATHS:
        document["distributions"]["a"]["file"] = name
        read(json.dumps(document).encode())


def test_a_lock_that_is_nested_too_deeply_is_refused() -> None:
    read(TOO_DEEP)
