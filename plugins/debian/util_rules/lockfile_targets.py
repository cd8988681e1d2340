"""Gives each lock a target, so that `--changed-since` sees edits of locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from debian.subsystem import DebianSubsystem
from debian.target_types import DebianPackagesField, DebianResolveField
from debian.util_rules.lockfile import resolve_of
from debian.util_rules.rootfs_layer import python_version
from locks.lock_targets import lock_address, lock_targets
from oci.subsystem import OciSubsystem
from oci.util_rules.toolchain import ToolchainAddressesRequest
from pants.engine.fs import PathGlobs, Paths
from pants.engine.internals.synthetic_targets import SyntheticAddressMaps, SyntheticTargetsRequest
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class SyntheticDebianLocksRequest(SyntheticTargetsRequest):
    path: str = SyntheticTargetsRequest.SINGLE_REQUEST_FOR_ALL_TARGETS


_KIND = "debian"


@rule
async def debian_lock_targets(
    request: SyntheticDebianLocksRequest, options: DebianSubsystem
) -> SyntheticAddressMaps:
    # A new resolve has no lock yet.
    paths = PathGlobs([options.lockfile(resolve) for resolve in options.resolves])
    existing = await Get(Paths, PathGlobs, paths)
    resolves = [each for each in options.resolves if options.lockfile(each) in existing.files]
    return lock_targets(request, _KIND, options.lockfiles, resolves)


@dataclass(frozen=True)
class LockInferenceFieldSet(FieldSet):
    required_fields = (DebianResolveField,)

    resolve: DebianResolveField
    packages: DebianPackagesField


class InferLockRequest(InferDependenciesRequest):
    infer_from = LockInferenceFieldSet


@rule(desc="Infer the lock of Debian targets", level=LogLevel.DEBUG)
async def infer_lock(
    request: InferLockRequest, options: DebianSubsystem, image_options: OciSubsystem
) -> InferredDependencies:
    compiler = image_options.interpreters.get(python_version(request.field_set.packages))
    compilers = await Get(
        InferredDependencies,
        ToolchainAddressesRequest((compiler,) if compiler else (), "`[oci].interpreters`"),
    )
    resolve = resolve_of(request.field_set.address, request.field_set.resolve, options)
    path = options.lockfile(resolve)
    if not (await Get(Paths, PathGlobs([path]))).files:
        return compilers
    lock = lock_address(_KIND, options.lockfiles, resolve)
    return InferredDependencies([lock, *compilers.include])


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(InferDependenciesRequest, InferLockRequest),
        UnionRule(SyntheticTargetsRequest, SyntheticDebianLocksRequest),
    ]
