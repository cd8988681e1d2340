"""Lets layers depend on what builds them: a root with compilers, and another Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from locks.lock import generate_command
from oci.util_rules.toolchain import InterpreterAddressesRequest, ToolchainAddressesRequest
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from wheels.lock import WheelLock
from wheels.subsystem import WheelsSubsystem
from wheels.target_types import (
    ProjectSourcesField,
    PythonVersionField,
    WheelBuildRootField,
    WheelDistributionsField,
    WheelResolveField,
)


@dataclass(frozen=True)
class WheelLayerToolsFieldSet(FieldSet):
    required_fields = (WheelDistributionsField, WheelResolveField)

    resolve: WheelResolveField
    build_root: WheelBuildRootField


class InferWheelLayerToolsRequest(InferDependenciesRequest):
    infer_from = WheelLayerToolsFieldSet


@dataclass(frozen=True)
class ProjectLayerToolsFieldSet(FieldSet):
    required_fields = (ProjectSourcesField, PythonVersionField)

    python_version: PythonVersionField


class InferProjectLayerToolsRequest(InferDependenciesRequest):
    infer_from = ProjectLayerToolsFieldSet


@rule(desc="Infer what builds wheel layers", level=LogLevel.DEBUG)
async def infer_wheel_layer_tools(
    request: InferWheelLayerToolsRequest, options: WheelsSubsystem
) -> InferredDependencies:
    field_set = request.field_set
    resolve, root = field_set.resolve.value or "", field_set.build_root.value
    path = options.lockfile(resolve)
    # Not by way of `ResolveLock`, which refuses a stale lock: its dependents are of interest too.
    contents = await Get(DigestContents, PathGlobs([path]))
    versions = [
        WheelLock.from_json(path, file.content, generate_command(resolve)).inputs.python_version
        for file in contents
    ]
    origin = f"the `build_root` field of {field_set.address}"
    roots, *compilers = await MultiGet(
        Get(InferredDependencies, ToolchainAddressesRequest((root,) if root else (), origin)),
        *(Get(InferredDependencies, InterpreterAddressesRequest(version)) for version in versions),
    )
    return InferredDependencies(
        [*roots.include, *(address for each in compilers for address in each.include)]
    )


@rule
async def infer_project_layer_tools(
    request: InferProjectLayerToolsRequest,
) -> InferredDependencies:
    version = request.field_set.python_version.value or ""
    return await Get(InferredDependencies, InterpreterAddressesRequest(version))


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(InferDependenciesRequest, InferProjectLayerToolsRequest),
        UnionRule(InferDependenciesRequest, InferWheelLayerToolsRequest),
    ]
