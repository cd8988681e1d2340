from __future__ import annotations

import json

import pytest
from debian.lock import DebianLock, LockedPackage, LockedTarget, parse_date
from locks.lock import LockError
from pants.util.frozendict import FrozenDict

PACKAGE = LockedPackage(
    "tini", "0.19.0-1", "amd64", "debian", "pool/main/t/tini_0.19.0-1_amd64.deb", 5, "ab" * 32
)
LOCK = DebianLock(
    suite="bullseye",
    suites=("bullseye", "bullseye-security"),
    architecture="amd64",
    date=parse_date("2026-09-12T09:27:08Z"),
    targets=FrozenDict({"layers/os:os": LockedTarget(("tini",), None, ("tini",))}),
    packages=FrozenDict({"tini": PACKAGE}),
)


def test_a_lock_is_read_as_it_was_written() -> None:
    assert DebianLock.from_json("a.lock", LOCK.to_json(), "generate") == LOCK


def test_a_lock_is_sorted_and_ends_with_a_newline() -> None:
    text = LOCK.to_json().decode()

    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"{", "a value in it cannot be read"),
        (b"[]", "this is not a mapping of fields"),
        (b"{}", "the field `suite` is missing"),
        (LOCK.to_json().replace(b'"sha256"', b'"md5"'), "the field `packages.tini.sha256` is miss"),
        (LOCK.to_json().replace(b"2026-09-12T", b"yesterday "), "`date` is 'yesterday 09:27:08Z'"),
        (LOCK.to_json().replace(b'"size"', b'"more": 1, "size"'), "there is no field `packages.t"),
        (LOCK.to_json().replace(b'"base": null', b'"base": 1'), "`targets.layers/os:os.base` is 1"),
    ],
)
def test_a_broken_lock_is_one_sentence_with_the_command(content: bytes, problem: str) -> None:
    with pytest.raises(LockError) as error:
        DebianLock.from_json("a.lock", content, "generate")

    assert str(error.value).startswith(f"a.lock: {problem}")
    assert str(error.value).endswith("Run `generate`.")
