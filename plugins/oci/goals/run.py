"""`run` for images: load what the engine lacks, then start a container."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageSpec
from oci.subsystem import OciSubsystem
from oci.target_types import ImageLayersField
from oci.toolchain import TOOLCHAIN_MOUNT, LayerToolchain
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.image_layout import ImageLayout
from oci.util_rules.kinds import ImageRequest
from oci.util_rules.sandbox_code import MOUNT as CODE_MOUNT
from oci.util_rules.sandbox_code import SandboxCode
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


def toolchain_run(
    module: str, arguments: tuple[str, ...], digest: Digest, code: Digest, tools: LayerToolchain
) -> RunRequest:
    """Runs a module with the toolchain's Python, as what the user runs.

    Args:
        module: Its name.
        arguments: What comes before those of the user.
        digest: Files that it reads, at `{chroot}`.
        code: The module, and all that it imports.
        tools: Has the Python.
    """
    toolchain = tools.toolchain
    return RunRequest(
        digest=digest,
        args=(
            # `env`, not `extra_env`: what the user runs must not inherit the toolchain's libraries.
            "/usr/bin/env",
            *(f"{name}={value}" for name, value in toolchain.env(TOOLCHAIN_MOUNT).items()),
            f"PYTHONPATH={{chroot}}/{CODE_MOUNT}",
            f"{{chroot}}/{TOOLCHAIN_MOUNT}/{toolchain.python}",
            "-S",
            "-s",
            "-m",
            module,
            *arguments,
        ),
        extra_env=FrozenDict(),
        immutable_input_digests=FrozenDict({CODE_MOUNT: code, TOOLCHAIN_MOUNT: toolchain.digest}),
    )


@rule
async def run_image(
    field_set: RunImageFieldSet,
    options: OciSubsystem,
    environment: EnvironmentName,
) -> RunRequest:
    request = ImageRequest(field_set.address)
    spec = await Get(ImageSpec, {request: ImageRequest, environment: EnvironmentName})
    image, code, tools = await MultiGet(
        Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName}),
        Get(Digest, SandboxCode(_RUN)),
        Get(LayerToolchain, EnvironmentName, environment),
    )
    layout = await Get(ImageLayout, BuiltImage, image)
    arguments = (
        f"{{chroot}}/{image.path}",
        spec.reference,
        f"--run-args={json.dumps(options.run_args)}",
    )
    return toolchain_run(_RUN, arguments, layout.digest, code, tools)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), *RunImageFieldSet.rules()]
