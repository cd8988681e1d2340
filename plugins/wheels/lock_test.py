from __future__ import annotations

import json
from dataclasses import replace

import pytest
from locks.lock import LockError
from pants.util.frozendict import FrozenDict
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.resolve import WheelResolve

RESOLVE = WheelResolve("demo", ("b", "a"), ("y==1", "x==1"), "2022-07-12")

LOCK = WheelLock(
    "demo",
    LockInputs.of(RESOLVE),
    FrozenDict({"a": LockedDistribution("a", "1.0", "a-1.0.tar.gz", 7, "ab" * 32, ("b",))}),
)


def test_a_lock_is_read_as_it_was_written() -> None:
    assert WheelLock.from_json("demo.lock", LOCK.to_json(), "") == LOCK


def test_the_order_of_requirements_and_constraints_makes_no_lock_stale() -> None:
    shuffled = replace(RESOLVE, requirements=("a", "b"), constraints=("x==1", "y==1"))

    assert LockInputs.of(shuffled) == LockInputs.of(RESOLVE)


@pytest.mark.parametrize(
    "changed, names",
    [
        (replace(RESOLVE, requirements=("a",)), ["requirements"]),
        (replace(RESOLVE, constraints=("x==2",)), ["constraints"]),
        (replace(RESOLVE, exclude_newer="2022-07-13"), ["exclude_newer"]),
        (replace(RESOLVE, python_version="3.10"), ["python_version"]),
        (replace(RESOLVE, platform="aarch64-manylinux_2_31"), ["platform"]),
    ],
)
def test_every_input_that_changes_is_named(changed: WheelResolve, names: list[str]) -> None:
    assert LOCK.inputs.differences(LockInputs.of(changed)) == names


def test_a_broken_lock_names_the_file_and_the_command() -> None:
    data = json.loads(LOCK.to_json())
    del data["inputs"]["platform"]

    twice = LOCK.to_json().replace(b'"version": 1', b'"version": 1, "version": 1')
    for content in (b"{", b"[]", json.dumps(data).encode(), twice):
        with pytest.raises(LockError, match=r"^demo.lock: .*\. Run `relock`\.$"):
            WheelLock.from_json("demo.lock", content, "relock")
