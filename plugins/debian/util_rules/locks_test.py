from __future__ import annotations

from dataclasses import replace

import pytest
from debian.kind import DebianLocks, DebianResolve
from debian.lock import DebianLock, LockedPackage, LockedTarget, parse_date
from debian.subsystem import DebianSubsystem
from debian.util_rules.locks import DebianResolveLock
from locks.lock import LockError
from oci.format.platform import Platform
from pants.engine.addresses import Address
from pants.option.errors import OptionsError
from pants.testutil.option_util import create_subsystem
from pants.util.frozendict import FrozenDict

OS = Address("layers/os")
PYTHON = Address("layers/python")


@pytest.fixture
def locked() -> DebianResolveLock:
    lock = DebianLock(
        suite="bullseye",
        suites=("bullseye",),
        architecture="amd64",
        date=parse_date("2026-09-12T09:27:08Z"),
        targets=FrozenDict(
            {"layers/python:python": LockedTarget(("python3",), "layers/os:os", ("python3",))}
        ),
        packages=FrozenDict(),
    )
    resolve = DebianResolve("bullseye", Platform("amd64", "bullseye"))
    return DebianResolveLock("3rdparty/debian/bullseye.lock", "generate", resolve, lock)


def test_a_target_as_it_was_locked_is_accepted(locked: DebianResolveLock) -> None:
    assert locked.names(PYTHON, ("python3",), OS) == ("python3",)


def test_an_edited_package_list_names_lock_target_and_command(locked: DebianResolveLock) -> None:
    with pytest.raises(LockError) as error:
        locked.names(PYTHON, ("curl", "python2"), OS)

    assert str(error.value) == (
        "3rdparty/debian/bullseye.lock: the lock is older than the target layers/python:python "
        "(curl, python2 added to `packages`; python3 removed from `packages`). Run `generate`."
    )


def test_another_base_makes_the_lock_stale(locked: DebianResolveLock) -> None:
    with pytest.raises(LockError, match="`base` changed from layers/os:os to None"):
        locked.names(PYTHON, ("python3",), None)


def test_a_target_that_the_lock_lacks_is_named(locked: DebianResolveLock) -> None:
    with pytest.raises(LockError, match="does not know the target layers/os:os. Run `generate`."):
        locked.names(OS, ("bash",), None)


def test_a_package_that_the_lock_lacks_is_named(locked: DebianResolveLock) -> None:
    with pytest.raises(LockError, match="`packages` lacks 'python3'"):
        locked.package("python3")


def package(architecture: str) -> LockedPackage:
    return LockedPackage("tini", "0.19", architecture, "debian", "pool/tini.deb", 1, "0" * 64)


def test_a_lock_for_another_platform_is_refused(locked: DebianResolveLock) -> None:
    packages = FrozenDict({"tini": package("amd64"), "tzdata": package("all")})
    mine = replace(locked.lock, packages=packages)
    assert DebianLocks().problem(locked.resolve, mine) == ""

    ours = "and its resolve for bullseye on amd64"
    strange = FrozenDict({"tini": package("arm64")})
    for lock, problem in (
        (replace(mine, architecture="arm64"), f"the lock is for bullseye on arm64, {ours}"),
        (replace(mine, suite="buster"), f"the lock is for buster on amd64, {ours}"),
        (replace(mine, packages=strange), "'tini' is for arm64, and images are for amd64"),
    ):
        assert DebianLocks().problem(locked.resolve, lock) == problem


def test_a_resolve_says_its_architecture_where_it_is_not_the_usual_one() -> None:
    options = create_subsystem(
        DebianSubsystem, resolves={"a": "bullseye", "b": "bookworm/arm64", "c": "bookworm/arm"}
    )

    assert options.platform("a") == Platform("amd64", "bullseye")
    assert options.platform("b") == Platform("arm64", "bookworm")
    with pytest.raises(OptionsError, match="'c': `architecture` is 'arm', which is none of amd64,"):
        options.platform("c")
