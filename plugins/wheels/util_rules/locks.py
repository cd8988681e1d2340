"""Finds resolves of Python packages, and holds their locks against what layers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from locks.kind import LockFolder, LockKind, Resolves
from locks.lock import LockError
from locks.rules import rules as lock_rules
from locks.util_rules.reading import LockRequest, ResolveLock
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InvalidFieldException
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel
from wheels.kind import WheelLocks
from wheels.lock import WheelLock
from wheels.resolve import PatchedDistribution, WheelResolve, WheelResolveFieldSet
from wheels.subsystem import WheelsSubsystem


@dataclass(frozen=True)
class WheelResolveLock(ResolveLock):
    resolve: WheelResolve
    lock: WheelLock

    @property
    def patched(self) -> dict[str, PatchedDistribution]:
        """By canonical name."""
        return {each.name: each for each in self.resolve.patched}

    def installed_version(self, name: str) -> str:
        """The version of a distribution as layers hold it."""
        version = self.lock.distributions[name].version
        return f"{version}+{self.patched[name].local_version}" if name in self.patched else version


@rule
def lock_folder(_: WheelLocks, options: WheelsSubsystem) -> LockFolder:
    return LockFolder(options.lockfiles)


@rule(desc="Find the resolves of Python packages", level=LogLevel.DEBUG)
async def find_resolves(
    _: WheelLocks, all_targets: AllTargets, union_membership: UnionMembership
) -> Resolves:
    field_sets = [
        kind.create(target)
        for target in all_targets
        for kind in union_membership[WheelResolveFieldSet]
        if kind.is_applicable(target)
    ]
    resolves = await MultiGet(
        Get(WheelResolve, WheelResolveFieldSet, field_set) for field_set in field_sets
    )
    origins: dict[str, str] = {}
    for resolve, field_set in zip(resolves, field_sets):
        if resolve.name in origins:
            raise InvalidFieldException(
                f"{field_set.address} and {origins[resolve.name]} both define the resolve "
                f"'{resolve.name}'. Rename one."
            )
        origins[resolve.name] = str(field_set.address)
        try:
            resolve.uv_platform
        except ValueError as error:
            raise InvalidFieldException(
                f"{field_set.address}: {error}. Correct it, or tell `oci.format.platform` of it."
            ) from None
    return Resolves(resolves)


@rule(level=LogLevel.DEBUG)
async def read_wheel_lock(request: LockRequest) -> WheelResolveLock:
    locked = WheelResolveLock(**vars(await Get(ResolveLock, LockRequest, request)))
    for each in locked.resolve.patched:
        if each.name not in locked.lock.distributions:
            raise LockError(
                f"{each.origin} is for {each.name}, which {locked.path} does not hold. Correct the "
                "name, or take the patches out."
            )
    return locked


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LockKind, WheelLocks), *lock_rules()]
