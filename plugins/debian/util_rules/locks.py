"""Finds resolves of Debian packages, and holds their locks against their targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from debian.kind import DebianLocks, DebianResolve
from debian.lock import DebianLock, LockedPackage
from debian.subsystem import DebianSubsystem
from locks.kind import LockFolder, LockKind, Resolves
from locks.lock import LockError
from locks.rules import rules as lock_rules
from locks.util_rules.reading import LockRequest, ResolveLock
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@rule
def lock_folder(_: DebianLocks, options: DebianSubsystem) -> LockFolder:
    return LockFolder(options.lockfiles)


@rule
def resolves(_: DebianLocks, options: DebianSubsystem) -> Resolves:
    names = sorted(options.resolves)
    return Resolves([DebianResolve(name, options.platform(name)) for name in names])


@dataclass(frozen=True)
class DebianResolveLock(ResolveLock):
    resolve: DebianResolve
    lock: DebianLock

    def names(
        self, address: Address, requests: tuple[str, ...], base: Address | None
    ) -> tuple[str, ...]:
        """Names of all packages that a target comes to.

        Raises:
            LockError: the target is not in the lock, or was edited since.
        """
        target = self.lock.targets.get(str(address))
        if target is None:
            raise LockError(
                f"{self.path}: the lock does not know the target {address}. Run `{self.command}`."
            )
        changes = []
        added = sorted(set(requests) - set(target.requests))
        removed = sorted(set(target.requests) - set(requests))
        if added:
            changes.append(f"{', '.join(added)} added to `packages`")
        if removed:
            changes.append(f"{', '.join(removed)} removed from `packages`")
        if target.base != (str(base) if base else None):
            changes.append(f"`base` changed from {target.base} to {base}")
        if changes:
            raise LockError(
                f"{self.path}: the lock is older than the target {address} "
                f"({'; '.join(changes)}). Run `{self.command}`."
            )
        return target.packages

    def package(self, name: str) -> LockedPackage:
        """A package of the lock.

        Raises:
            LockError: a target in the lock names a package that the lock lacks.
        """
        try:
            return self.lock.packages[name]
        except KeyError:
            raise LockError(
                f"{self.path}: `packages` lacks '{name}', which `targets` names. "
                f"Run `{self.command}`."
            ) from None


def single_base(address: Address, bases: Addresses) -> Address | None:
    """The one address of a `base` field, or none.

    Raises:
        InvalidFieldException: the field names more than one.
    """
    if len(bases) > 1:
        raise InvalidFieldException(
            f"{address}: `base` names {len(bases)} targets. Name the topmost one."
        )
    return bases[0] if bases else None


@rule(level=LogLevel.DEBUG)
async def read_debian_lock(request: LockRequest) -> DebianResolveLock:
    return DebianResolveLock(**vars(await Get(ResolveLock, LockRequest, request)))


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LockKind, DebianLocks), *lock_rules()]
