"""Patches wheels, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.util_rules.layer_process import ToolProcess
from pants.engine.fs import Digest, MergeDigests, PathGlobs, RemovePrefix, Snapshot
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.resolve import PatchedDistribution
from wheels.util_rules.fetch import TOOLS_MOUNT, ToolWheels, ToolWheelsRequest

_OUTPUT = "patched"


@dataclass(frozen=True)
class PatchWheel:
    """Asks for a wheel with its patches applied."""

    file: str
    """Its file name, which is all that `digest` holds."""

    digest: Digest

    distribution: PatchedDistribution


@dataclass(frozen=True)
class PatchedWheel:
    digest: Digest
    """One wheel, at the top."""


@rule(level=LogLevel.DEBUG)
async def patch_wheel(request: PatchWheel) -> PatchedWheel:
    distribution = request.distribution
    patches, tools = await MultiGet(
        Get(Snapshot, PathGlobs(distribution.patches)),
        Get(ToolWheels, ToolWheelsRequest(("installer", "unidiff"))),
    )
    missing = [path for path in distribution.patches if path not in patches.files]
    if missing:
        raise InvalidFieldException(
            f"{distribution.origin} asks for the patch {missing[0]}, which is not there. Write it, "
            "or take it out."
        )
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module="wheels.sandbox.patch_wheel",
            args=(
                f"--wheel={request.file}",
                f"--local-version={distribution.local_version}",
                f"--origin={distribution.origin}",
                *(f"--patch={path}" for path in distribution.patches),
                f"--output={_OUTPUT}",
            ),
            description=f"Apply {len(distribution.patches)} patches to {request.file}",
            input_digest=await Get(Digest, MergeDigests([request.digest, patches.digest])),
            immutable_input_digests=FrozenDict({TOOLS_MOUNT: tools.digest}),
            output_directories=(_OUTPUT,),
            path_entries=tools.path_entries,
        ),
    )
    return PatchedWheel(await Get(Digest, RemovePrefix(result.output_digest, _OUTPUT)))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
