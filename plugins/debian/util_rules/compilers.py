"""Lets layers with a Python depend on the toolchain that compiles its modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from debian.target_types import DebianPackagesField
from debian.util_rules.rootfs_layer import python_version
from oci.util_rules.toolchain import InterpreterAddressesRequest
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import FieldSet, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule


@dataclass(frozen=True)
class DebianPythonFieldSet(FieldSet):
    required_fields = (DebianPackagesField,)

    packages: DebianPackagesField


class InferCompilerRequest(InferDependenciesRequest):
    infer_from = DebianPythonFieldSet


@rule
async def infer_compiler(request: InferCompilerRequest) -> InferredDependencies:
    version = python_version(request.field_set.packages)
    return await Get(InferredDependencies, InterpreterAddressesRequest(version))


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(InferDependenciesRequest, InferCompilerRequest)]
