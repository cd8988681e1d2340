"""Builds the wheels of source distributions, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.layer import BuiltLayer
from oci.toolchain import TOOLCHAIN_MOUNT
from oci.util_rules.kinds import LayerRequest
from oci.util_rules.layer_process import ToolProcess
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileDigest, FileEntry, MergeDigests, RemovePrefix
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.util_rules.fetch import TOOLS_MOUNT, ToolWheels, ToolWheelsRequest

_ROOT = "root"
_ROOT_CACHE = "__build_roots"
_OUTPUT = "built"


@dataclass(frozen=True)
class BuildRootRequest:
    """Asks for the layer that source distributions are built in."""

    address: Address

    origin: str
    """Who names it, for errors."""


@dataclass(frozen=True)
class BuildRoot:
    """A layer that holds a whole system, with compilers."""

    blob: FileDigest

    diff_id: str


@dataclass(frozen=True)
class BuildSdist:
    """Asks for the wheel of a source distribution."""

    file: str
    """Its file name, which is all that `digest` holds."""

    digest: Digest

    root: BuildRoot

    python: str
    """The interpreter in the root."""


@dataclass(frozen=True)
class BuiltWheel:
    digest: Digest
    """One wheel, at the top."""


@rule(level=LogLevel.DEBUG)
async def build_root(request: BuildRootRequest, environment: EnvironmentName) -> BuildRoot:
    layer_request = LayerRequest(request.address, request.origin)
    layer = await Get(BuiltLayer, {layer_request: LayerRequest, environment: EnvironmentName})
    return BuildRoot(layer.blob, layer.descriptor.diff_id)


@rule(level=LogLevel.DEBUG)
async def build_sdist(request: BuildSdist) -> BuiltWheel:
    root_digest, libraries = await MultiGet(
        Get(Digest, CreateDigest([FileEntry(_ROOT, request.root.blob)])),
        Get(ToolWheels, ToolWheelsRequest(("tomli",))),
    )
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module="wheels.sandbox.build_sdist",
            args=(
                f"--sdist={request.file}",
                f"--root={_ROOT}",
                f"--root-name={request.root.diff_id.partition(':')[2]}",
                f"--cache={_ROOT_CACHE}",
                f"--tools={{chroot}}/{TOOLCHAIN_MOUNT}",
                f"--python={request.python}",
                f"--output={_OUTPUT}",
            ),
            description=f"Build the wheel of {request.file}",
            input_digest=await Get(Digest, MergeDigests([request.digest, root_digest])),
            immutable_input_digests=FrozenDict({TOOLS_MOUNT: libraries.digest}),
            output_directories=(_OUTPUT,),
            path_entries=libraries.path_entries,
            append_only_caches=FrozenDict({"wheels_build_roots": _ROOT_CACHE}),
        ),
    )
    return BuiltWheel(await Get(Digest, RemovePrefix(result.output_digest, _OUTPUT)))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
