"""Gives each lock a target, so that `--changed-since` sees edits of locks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from debian.subsystem import DebianSubsystem
from debian.target_types import DebianPackagesField, DebianResolveField
from debian.util_rules.lockfile import resolve_of
from debian.util_rules.rootfs_layer import python_version
from oci.subsystem import OciSubsystem
from oci.util_rules.toolchain import ToolchainAddressesRequest
from pants.engine.addresses import Address
from pants.engine.fs import PathGlobs, Paths
from pants.engine.internals.synthetic_targets import SyntheticAddressMaps, SyntheticTargetsRequest
from pants.engine.internals.target_adaptor import TargetAdaptor
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class SyntheticDebianLocksRequest(SyntheticTargetsRequest):
    path: str = SyntheticTargetsRequest.SINGLE_REQUEST_FOR_ALL_TARGETS


def _name(resolve: str) -> str:
    return f"_{resolve}_debian_lock"


@rule
async def lock_targets(
    request: SyntheticDebianLocksRequest, options: DebianSubsystem
) -> SyntheticAddressMaps:
    # A target without its file is an error, and a new resolve has no lock yet.
    existing = await Get(
        Paths, PathGlobs([options.lockfile(resolve) for resolve in options.resolves])
    )
    return SyntheticAddressMaps.for_targets_request(
        request,
        [
            (
                os.path.join(options.lockfiles, "BUILD.debian-locks"),
                tuple(
                    TargetAdaptor(
                        "_lockfiles",
                        name=_name(resolve),
                        sources=[f"{resolve}.lock"],
                        __description_of_origin__=f"`[debian].resolves`, '{resolve}'",
                    )
                    for resolve in sorted(options.resolves)
                    if options.lockfile(resolve) in existing.files
                ),
            )
        ],
    )


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
    lock = Address(options.lockfiles, target_name=_name(resolve))
    return InferredDependencies([lock, *compilers.include])


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(InferDependenciesRequest, InferLockRequest),
        UnionRule(SyntheticTargetsRequest, SyntheticDebianLocksRequest),
    ]
