"""Gives each lock a target, which what it pins depends on, so that `--changed-since` sees edits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from locks.kind import LockedByField, LockFolder, LockKind
from locks.lock import lock_path
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs, Paths
from pants.engine.internals.synthetic_targets import SyntheticAddressMaps, SyntheticTargetsRequest
from pants.engine.internals.target_adaptor import TargetAdaptor
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class SyntheticLocksRequest(SyntheticTargetsRequest):
    path: str = SyntheticTargetsRequest.SINGLE_REQUEST_FOR_ALL_TARGETS


def _target_name(kind: LockKind, resolve: str) -> str:
    return f"_{resolve}_{kind.name}_lock"


@rule
async def lock_targets(
    request: SyntheticLocksRequest, union_membership: UnionMembership
) -> SyntheticAddressMaps:
    kinds = [kind() for kind in union_membership.get(LockKind)]
    folders = await MultiGet(Get(LockFolder, LockKind, kind) for kind in kinds)
    # Resolves may come from targets, which are not known yet: every lock has a target.
    contents = await MultiGet(
        Get(DigestContents, PathGlobs([lock_path(folder.path, "*")])) for folder in folders
    )
    maps = []
    for kind, folder, files in zip(kinds, folders, contents):
        names = (
            os.path.basename(file.path) for file in files if kind.lock.is_form_of(file.content)
        )
        targets = tuple(
            TargetAdaptor(
                "_lockfiles",
                name=_target_name(kind, name[: -len(".lock")]),
                sources=[name],
                __description_of_origin__=os.path.join(folder.path, name),
            )
            for name in sorted(names)
        )
        maps.append((os.path.join(folder.path, f"BUILD.{kind.name}-locks"), targets))
    return SyntheticAddressMaps.for_targets_request(request, maps)


@dataclass(frozen=True)
class LockedFieldSet(FieldSet):
    required_fields = (LockedByField,)

    resolve: LockedByField


class InferLockRequest(InferDependenciesRequest):
    infer_from = LockedFieldSet


@rule(desc="Infer locks", level=LogLevel.DEBUG)
async def infer_lock(request: InferLockRequest) -> InferredDependencies:
    field = request.field_set.resolve
    kind, resolve = field.kind(), field.value or ""
    folder = await Get(LockFolder, LockKind, kind)
    # Not by way of `ResolveLock`, which refuses a stale lock: its dependents are of interest too.
    found = await Get(Paths, PathGlobs([lock_path(folder.path, resolve)]))
    name = _target_name(kind, resolve)
    return InferredDependencies([Address(folder.path, target_name=name) for _ in found.files])


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(InferDependenciesRequest, InferLockRequest),
        UnionRule(SyntheticTargetsRequest, SyntheticLocksRequest),
    ]
