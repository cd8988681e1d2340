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


def with_platform(**fields: str) -> WheelResolve:
    return replace(RESOLVE, platform=replace(RESOLVE.platform, **fields))


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
        (with_platform(python="3.10"), ["python_version"]),
        (with_platform(architecture="arm64"), ["platform"]),
        # Wheels for an older C library run with a newer one.
        (with_platform(suite="bookworm"), []),
    ],
)
def test_every_input_that_changes_is_named(changed: WheelResolve, names: list[str]) -> None:
    assert LOCK.inputs.differences(changed) == names


def test_a_broken_lock_names_the_file_and_the_command() -> None:
    data = json.loads(LOCK.to_json())
    del data["inputs"]["platform"]

    twice = LOCK.to_json().replace(b'"version": 1', b'"version": 1, "version": 1')
    for content in (b"{", b"[]", json.dumps(data).encode(), twice):
        with pytest.raises(LockError, match=r"^demo.lock: .*\. Run `relock`\.$"):
            WheelLock.from_json("demo.lock", content, "relock")
