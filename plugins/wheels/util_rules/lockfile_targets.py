"""Gives each lock a target, so that `--changed-since` sees edits of locks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from locks.lock import generate_command
from locks.lock_targets import lock_address, lock_targets
from oci.subsystem import OciSubsystem
from oci.util_rules.toolchain import ToolchainAddressesRequest
from pants.engine.addresses import Address, AddressInput
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.internals.synthetic_targets import SyntheticAddressMaps, SyntheticTargetsRequest
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from wheels.lock import WheelLock
from wheels.subsystem import WheelsSubsystem
from wheels.target_types import WheelBuildRootField, WheelDistributionsField, WheelResolveField


@dataclass(frozen=True)
class SyntheticWheelLocksRequest(SyntheticTargetsRequest):
    path: str = SyntheticTargetsRequest.SINGLE_REQUEST_FOR_ALL_TARGETS


_KIND = "wheels"


@rule
async def wheel_lock_targets(
    request: SyntheticWheelLocksRequest, options: WheelsSubsystem
) -> SyntheticAddressMaps:
    # Resolves come from targets, which are not known yet: every lock of our format has a target.
    contents = await Get(DigestContents, PathGlobs([options.lockfile("*")]))
    resolves = [
        os.path.basename(file.path)[: -len(".lock")]
        for file in contents
        if file.content.startswith(b"{") and b'"distributions"' in file.content
    ]
    return lock_targets(request, _KIND, options.lockfiles, resolves)


@dataclass(frozen=True)
class LockInferenceFieldSet(FieldSet):
    required_fields = (WheelDistributionsField, WheelResolveField)

    resolve: WheelResolveField
    build_root: WheelBuildRootField


class InferWheelLockRequest(InferDependenciesRequest):
    infer_from = LockInferenceFieldSet


@rule(desc="Infer the lock of wheel layers", level=LogLevel.DEBUG)
async def infer_lock(
    request: InferWheelLockRequest, options: WheelsSubsystem, image_options: OciSubsystem
) -> InferredDependencies:
    field_set = request.field_set
    resolve = field_set.resolve.value or ""
    path = options.lockfile(resolve)
    # Not by way of `ResolveLock`, which refuses a stale lock: its dependents are of interest too.
    contents = await Get(DigestContents, PathGlobs([path]))
    locks = [lock_address(_KIND, options.lockfiles, resolve) for _ in contents]
    versions = [
        WheelLock.from_json(path, file.content, generate_command(resolve)).inputs.python_version
        for file in contents
    ]
    roots = await MultiGet(
        Get(
            Address,
            AddressInput,
            AddressInput.parse(
                spec,
                relative_to=field_set.address.spec_path,
                description_of_origin=f"the `build_root` field of {field_set.address}",
            ),
        )
        for spec in ([field_set.build_root.value] if field_set.build_root.value else [])
    )
    compilers = await Get(
        InferredDependencies,
        ToolchainAddressesRequest(
            tuple(filter(None, map(image_options.interpreters.get, versions))),
            "`[oci].interpreters`",
        ),
    )
    return InferredDependencies([*locks, *roots, *compilers.include])


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(InferDependenciesRequest, InferWheelLockRequest),
        UnionRule(SyntheticTargetsRequest, SyntheticWheelLocksRequest),
    ]
