from __future__ import annotations

from dataclasses import replace

import pytest
from debian.lock import DebianLock, LockedPackage, LockedTarget, parse_date
from debian.util_rules.lockfile import ResolveLock, check_architecture
from locks.lock import LockError
from pants.engine.addresses import Address

OS = Address("layers/os")
PYTHON = Address("layers/python")


@pytest.fixture
def locked() -> ResolveLock:
    lock = DebianLock(
        suite="bullseye",
        suites=("bullseye",),
        architecture="amd64",
        date=parse_date("2026-09-12T09:27:08Z"),
        targets={"layers/python:python": LockedTarget(("python3",), "layers/os:os", ("python3",))},
        packages={},
    )
    return ResolveLock("3rdparty/debian/bullseye.lock", "generate", lock)


def test_a_target_as_it_was_locked_is_accepted(locked: ResolveLock) -> None:
    assert locked.names(PYTHON, ("python3",), OS) == ("python3",)


def test_an_edited_package_list_names_lock_target_and_command(locked: ResolveLock) -> None:
    with pytest.raises(LockError) as error:
        locked.names(PYTHON, ("curl", "python2"), OS)

    assert str(error.value) == (
        "3rdparty/debian/bullseye.lock: the lock is older than the target layers/python:python "
        "(curl, python2 added to `packages`; python3 removed from `packages`). Run `generate`."
    )


def test_another_base_makes_the_lock_stale(locked: ResolveLock) -> None:
    with pytest.raises(LockError, match="`base` changed from layers/os:os to None"):
        locked.names(PYTHON, ("python3",), None)


def test_a_target_that_the_lock_lacks_is_named(locked: ResolveLock) -> None:
    with pytest.raises(LockError, match="does not know the target layers/os:os. Run `generate`."):
        locked.names(OS, ("bash",), None)


def test_a_package_that_the_lock_lacks_is_named(locked: ResolveLock) -> None:
    with pytest.raises(LockError, match="`packages` lacks 'python3'"):
        locked.package("python3")


def package(architecture: str) -> LockedPackage:
    return LockedPackage("tini", "0.19", architecture, "debian", "pool/tini.deb", 1, "0" * 64)


def test_a_lock_for_another_architecture_is_refused(locked: ResolveLock) -> None:
    mine = replace(locked.lock, packages={"tini": package("amd64"), "tzdata": package("all")})
    check_architecture(locked.path, mine, locked.command)

    for strange, problem in (
        (replace(mine, architecture="arm64"), "`architecture` is arm64"),
        (replace(mine, packages={"tini": package("arm64")}), "'tini' is for arm64"),
    ):
        with pytest.raises(LockError) as error:
            check_architecture(locked.path, strange, locked.command)
        assert str(error.value) == (
            f"3rdparty/debian/bullseye.lock: {problem}, and images are for amd64. Run `generate`."
        )
