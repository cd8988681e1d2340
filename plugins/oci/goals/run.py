"""`run` for images: load what the engine lacks, then start a container."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageSpec
from oci.subsystem import OciSubsystem
from oci.target_types import ImageLayersField
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.image_layout import ImageLayout
from oci.util_rules.kinds import ImageRequest
from oci.util_rules.layer_process import ToolCommand, ToolCommandRequest
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import Digest
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict

_RUN = "oci.sandbox.run_image"


@dataclass(frozen=True)
class RunImageFieldSet(RunFieldSet):
    required_fields = (ImageLayersField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED


def tool_run(command: ToolCommand, arguments: tuple[str, ...], digest: Digest) -> RunRequest:
    """Runs a module with the toolchain's Python, as what the user runs.

    Args:
        command: Runs the module.
        arguments: What comes before those of the user.
        digest: Files that it reads, at `{chroot}`.
    """
    # `env`, not `extra_env`: what the user runs must not inherit the toolchain's libraries.
    variables = (f"{name}={value}" for name, value in command.env.items())
    return RunRequest(
        digest=digest,
        args=("/usr/bin/env", *variables, *command.argv, *arguments),
        extra_env=FrozenDict(),
        immutable_input_digests=command.immutable_input_digests,
    )


@rule
async def run_image(
    field_set: RunImageFieldSet,
    options: OciSubsystem,
    environment: EnvironmentName,
) -> RunRequest:
    request = ImageRequest(field_set.address)
    spec = await Get(ImageSpec, {request: ImageRequest, environment: EnvironmentName})
    tool = ToolCommandRequest(_RUN)
    image, command = await MultiGet(
        Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName}),
        Get(ToolCommand, {tool: ToolCommandRequest, environment: EnvironmentName}),
    )
    layout = await Get(ImageLayout, BuiltImage, image)
    arguments = (
        f"{{chroot}}/{image.path}",
        spec.reference,
        f"--run-args={json.dumps(options.run_args)}",
    )
    return tool_run(command, arguments, layout.digest)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), *RunImageFieldSet.rules()]
