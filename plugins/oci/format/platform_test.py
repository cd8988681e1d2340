from __future__ import annotations

import pytest
from oci.format.platform import Platform

BULLSEYE = Platform("amd64", "bullseye", "3.9")


def test_names_of_others_follow_from_the_platform() -> None:
    assert (BULLSEYE.machine, BULLSEYE.multiarch) == ("x86_64", "x86_64-linux-gnu")
    assert Platform("arm64").multiarch == "aarch64-linux-gnu"
    assert Platform(suite="bookworm").glibc_minor > BULLSEYE.glibc_minor


def test_what_one_leaves_open_the_other_says() -> None:
    assert Platform("amd64", "bullseye").joined(Platform(python="3.9")) == BULLSEYE


@pytest.mark.parametrize("field, value", [("architecture", "arm64"), ("suite", "bookworm")])
def test_what_contradicts_each_other_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"`{field}` is {getattr(BULLSEYE, field)} for one, and"):
        BULLSEYE.joined(Platform(**{field: value}))


def test_what_is_not_known_is_told_with_what_is() -> None:
    with pytest.raises(ValueError, match="`suite` is 'buster', which is none of bullseye, bookwo"):
        Platform(suite="buster").glibc_minor
    with pytest.raises(ValueError, match="`architecture` is 'x86', which is none of amd64, arm64"):
        Platform("x86").machine
