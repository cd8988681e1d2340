"""Finds resolves, and reads their locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from locks.lock import LockError, generate_command
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InvalidFieldException
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.lock import LockInputs, WheelLock
from wheels.resolve import PatchedDistribution, WheelResolve, WheelResolveFieldSet
from wheels.subsystem import WheelsSubsystem


@dataclass(frozen=True)
class WheelResolves:
    """All resolves of the repository, by name."""

    by_name: FrozenDict[str, WheelResolve]


@dataclass(frozen=True)
class LockRequest:
    """Asks for the lock of a resolve."""

    resolve: str

    origin: str
    """Who names the resolve, for errors: "layers/airflow: `resolve`"."""


@dataclass(frozen=True)
class ResolveLock:
    """The lock of a resolve as it is now, and what messages about it say."""

    path: str
    command: str
    lock: WheelLock

    patched: FrozenDict[str, PatchedDistribution] = FrozenDict()
    """By canonical name."""

    def installed_version(self, name: str) -> str:
        """The version of a distribution as layers hold it."""
        version = self.lock.distributions[name].version
        return f"{version}+{self.patched[name].local_version}" if name in self.patched else version


@rule(desc="Find the resolves of Python packages", level=LogLevel.DEBUG)
async def find_resolves(
    all_targets: AllTargets, union_membership: UnionMembership
) -> WheelResolves:
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
    return WheelResolves(FrozenDict({resolve.name: resolve for resolve in resolves}))


@rule(level=LogLevel.DEBUG)
async def read_lock(
    request: LockRequest, resolves: WheelResolves, options: WheelsSubsystem
) -> ResolveLock:
    resolve = resolves.by_name.get(request.resolve)
    if resolve is None:
        known = ", ".join(sorted(resolves.by_name)) or "none"
        raise InvalidFieldException(
            f"{request.origin} is '{request.resolve}', which no target defines (there are: "
            f"{known}). Correct it, or add the resolve."
        )
    path, command = options.lockfile(resolve.name), generate_command(resolve.name)
    contents = await Get(DigestContents, PathGlobs([path]))
    if not contents:
        raise LockError(f"{path}: there is no such lock yet. Run `{command}`.")
    lock = WheelLock.from_json(path, contents[0].content, command)
    changed = lock.inputs.differences(LockInputs.of(resolve))
    if changed:
        raise LockError(
            f"{path}: the lock is older than its resolve '{resolve.name}', whose "
            f"{', '.join(changed)} changed. Run `{command}`."
        )
    for each in resolve.patched:
        if each.name not in lock.distributions:
            raise LockError(
                f"{each.origin} is for {each.name}, which {path} does not hold. Correct the name, "
                "or take the patches out."
            )
    return ResolveLock(
        path, command, lock, FrozenDict({each.name: each for each in resolve.patched})
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
