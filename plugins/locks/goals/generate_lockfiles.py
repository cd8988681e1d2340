"""`generate-lockfiles` for all kinds of locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from locks.kind import LockFolder, LockKind, Resolve, Resolves, Solve, Solved
from locks.lock import Lock, LockError, lock_path
from pants.core.goals.generate_lockfiles import (
    GenerateLockfile,
    GenerateLockfileResult,
    GenerateLockfilesSubsystem,
    KnownUserResolveNames,
    KnownUserResolveNamesRequest,
    LockfileDiff,
    LockfilePackages,
    RequestedUserResolveNames,
    UserGenerateLockfiles,
)
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class GenerateLock(GenerateLockfile):
    kind: LockKind
    resolve: Resolve

    start_from: str = ""
    """Path of another lock, whose versions are kept where they can be, for one that is new."""


class KnownLocksRequest(KnownUserResolveNamesRequest):
    pass


class RequestedLocks(RequestedUserResolveNames):
    pass


@dataclass(frozen=True)
class AllResolves:
    """The resolves of all kinds, by name."""

    by_name: FrozenDict[str, tuple[LockKind, Resolve]]


@rule
async def all_resolves(union_membership: UnionMembership) -> AllResolves:
    kinds = [kind() for kind in union_membership.get(LockKind)]
    found = await MultiGet(Get(Resolves, LockKind, kind) for kind in kinds)
    by_name: dict[str, tuple[LockKind, Resolve]] = {}
    for kind, resolves in zip(kinds, found):
        for resolve in resolves:
            if resolve.name in by_name:
                other, _ = by_name[resolve.name]
                raise LockError(
                    f"The resolve '{resolve.name}' is defined twice: by {other.source}, and by "
                    f"{kind.source}. Rename one."
                )
            by_name[resolve.name] = (kind, resolve)
    return AllResolves(FrozenDict(by_name))


@rule
def known_locks(
    _: KnownLocksRequest, resolves: AllResolves, union_membership: UnionMembership
) -> KnownUserResolveNames:
    return KnownUserResolveNames(
        names=tuple(sorted(resolves.by_name)),
        option_name=" and ".join(kind.source for kind in union_membership.get(LockKind)),
        requested_resolve_names_cls=RequestedLocks,
    )


@rule
async def requested_locks(
    requested: RequestedLocks, resolves: AllResolves, goal: GenerateLockfilesSubsystem
) -> UserGenerateLockfiles:
    chosen = [resolves.by_name[name] for name in requested]
    folders = await MultiGet(Get(LockFolder, LockKind, kind) for kind, _ in chosen)
    return UserGenerateLockfiles(
        GenerateLock(
            resolve_name=resolve.name,
            lockfile_dest=lock_path(folder.path, resolve.name),
            diff=goal.diff,
            kind=kind,
            resolve=resolve,
        )
        for (kind, resolve), folder in zip(chosen, folders)
    )


def _previous(kind: LockKind, path: str, contents: DigestContents) -> Lock | None:
    """The lock that is about to be replaced; a broken one has nothing to go by."""
    try:
        return kind.lock.from_json(path, contents[0].content, "") if contents else None
    except LockError:
        return None


def _versions(lock: Lock | None) -> LockfilePackages:
    return LockfilePackages(lock.versions() if lock else {})


@rule(desc="Make a lock", level=LogLevel.DEBUG)
async def generate_lock(
    request: GenerateLock, environment: EnvironmentName
) -> GenerateLockfileResult:
    path = request.lockfile_dest
    contents = await Get(DigestContents, PathGlobs([request.start_from or path]))
    previous = _previous(request.kind, path, contents)
    solve = request.kind.solve(path, request.resolve, previous)
    solved = await Get(Solved, {solve: Solve, environment: EnvironmentName})
    digest = await Get(Digest, CreateDigest([FileContent(path, solved.lock.to_json())]))
    diff = None
    if request.diff:
        diff = LockfileDiff.create(
            path, request.resolve_name, old=_versions(previous), new=_versions(solved.lock)
        )
    return GenerateLockfileResult(digest, request.resolve_name, path, diff)


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(GenerateLockfile, GenerateLock),
        UnionRule(KnownUserResolveNamesRequest, KnownLocksRequest),
        UnionRule(RequestedUserResolveNames, RequestedLocks),
    ]
