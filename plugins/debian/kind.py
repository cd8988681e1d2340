"""The kind of lock that holds Debian packages."""

from __future__ import annotations

from dataclasses import dataclass

from debian.lock import DebianLock
from locks.kind import LockKind, Resolve, Solve
from locks.lock import Lock
from oci.format.platform import Platform


@dataclass(frozen=True)
class DebianResolve(Resolve):
    """Targets whose packages are locked together."""

    platform: Platform


@dataclass(frozen=True)
class SolveDebian(Solve):
    resolve: DebianResolve
    previous: DebianLock | None


@dataclass(frozen=True)
class DebianLocks(LockKind):
    name = "debian"
    source = "`[debian].resolves`"
    lock = DebianLock
    solve = SolveDebian

    def problem(self, resolve: Resolve, lock: Lock) -> str:
        """Why a lock's packages do not run where the layers are to run."""
        assert isinstance(resolve, DebianResolve) and isinstance(lock, DebianLock)
        platform = resolve.platform
        ours = (platform.architecture, "all")
        strange = [each for each in lock.packages.values() if each.architecture not in ours]
        if lock.platform != platform:
            return (
                f"the lock is for {lock.suite} on {lock.architecture}, and its resolve for "
                f"{platform.suite} on {platform.architecture}"
            )
        if strange:
            name, its = min((each.name, each.architecture) for each in strange)
            return f"'{name}' is for {its}, and images are for {platform.architecture}"
        return ""
