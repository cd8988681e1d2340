"""Finds the toolchain that an option or a field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.subsystem import OciSubsystem
from oci.target_types import LayerEnvField
from oci.toolchain import (
    Interpreter,
    InterpreterRequest,
    LayerToolchain,
    Toolchain,
    ToolchainFieldSet,
    ToolchainRequest,
)
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.environment import EnvironmentName
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import (
    FieldSet,
    FieldSetsPerTarget,
    FieldSetsPerTargetRequest,
    InferDependenciesRequest,
    InferredDependencies,
    Targets,
)
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


class ToolchainError(Exception):
    """No toolchain where one is needed."""


@rule(desc="Find a toolchain", level=LogLevel.DEBUG)
async def find_toolchain(request: ToolchainRequest, environment: EnvironmentName) -> Toolchain:
    targets = await Get(
        Targets,
        UnparsedAddressInputs(
            [request.spec], owning_address=None, description_of_origin=request.origin
        ),
    )
    field_sets = await Get(
        FieldSetsPerTarget, FieldSetsPerTargetRequest(ToolchainFieldSet, targets)
    )
    if len(field_sets.field_sets) != 1:
        raise ToolchainError(
            f"{request.origin} is '{request.spec}', which provides no toolchain: name one target "
            "such as `debian_toolchain`."
        )
    return await Get(
        Toolchain,
        {field_sets.field_sets[0]: ToolchainFieldSet, environment: EnvironmentName},
    )


@rule
async def layer_toolchain(options: OciSubsystem) -> LayerToolchain:
    if not options.toolchain:
        raise ToolchainError(
            "pants.toml: `[oci].toolchain` is not set. Set it to the target that provides Python, "
            "igzip and zstd, for example 'layers/build:toolchain'."
        )
    toolchain = await Get(Toolchain, ToolchainRequest(options.toolchain, "`[oci].toolchain`"))
    if not toolchain.python:
        raise ToolchainError(
            f"`[oci].toolchain` is '{options.toolchain}', which holds no Python: add one to its "
            "packages."
        )
    return LayerToolchain(toolchain)


@rule(desc="Find the Python of a layer", level=LogLevel.DEBUG)
async def find_interpreter(
    request: InterpreterRequest, tools: LayerToolchain, options: OciSubsystem
) -> Interpreter:
    toolchain = tools.toolchain
    spec = options.interpreters.get(request.version)
    origin = f"`[oci].interpreters`, '{request.version}'"
    if spec:
        toolchain = await Get(Toolchain, ToolchainRequest(spec, origin))
    try:
        found = Interpreter.of(toolchain, tools)
    except ValueError as error:
        name = origin if spec else "`[oci].toolchain`"
        raise ToolchainError(
            f"{name} is '{spec or options.toolchain}', but {error} in it: add a package such as "
            "`python3.9-minimal`."
        ) from None
    if request.version and found.version != request.version:
        raise ToolchainError(
            f"{request.origin} is for Python {request.version}, and what compiles its modules is "
            f"Python {found.version}: name a toolchain with that version in `[oci].interpreters`."
        )
    return found


@dataclass(frozen=True)
class ToolchainUserFieldSet(FieldSet):
    """Every layer, of whatever kind."""

    required_fields = (LayerEnvField,)


class InferToolchainRequest(InferDependenciesRequest):
    infer_from = ToolchainUserFieldSet


@dataclass(frozen=True)
class ToolchainAddressesRequest:
    """Asks for the targets of toolchains that are named by options and fields."""

    specs: tuple[str, ...]
    origin: str


@rule(level=LogLevel.DEBUG)
async def toolchain_addresses(request: ToolchainAddressesRequest) -> InferredDependencies:
    return InferredDependencies(
        await Get(
            Addresses,
            UnparsedAddressInputs(
                request.specs, owning_address=None, description_of_origin=request.origin
            ),
        )
    )


@dataclass(frozen=True)
class InterpreterAddressesRequest:
    """Asks for the target, if any, of `[oci].interpreters` that has a version of Python."""

    version: str


@rule(level=LogLevel.DEBUG)
async def interpreter_addresses(
    request: InterpreterAddressesRequest, options: OciSubsystem
) -> InferredDependencies:
    spec = options.interpreters.get(request.version)
    return await Get(
        InferredDependencies,
        ToolchainAddressesRequest((spec,) if spec else (), "`[oci].interpreters`"),
    )


@rule(desc="Infer the toolchain of layers", level=LogLevel.DEBUG)
async def infer_toolchain(
    request: InferToolchainRequest, options: OciSubsystem
) -> InferredDependencies:
    # Nothing else tells `--changed-since` that a layer's bytes depend on what builds it.
    specs = (options.toolchain,) if options.toolchain else ()
    return await Get(InferredDependencies, ToolchainAddressesRequest(specs, "`[oci].toolchain`"))


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(InferDependenciesRequest, InferToolchainRequest)]
