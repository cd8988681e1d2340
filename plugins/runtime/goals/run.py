"""`run` for releases with all that they need: `run versions/5.0.7:dev`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.goals.run import tool_run
from oci.image import ImageSpec
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.image_layout import ImageLayout
from oci.util_rules.kinds import ImageRequest
from oci.util_rules.layer_process import ToolCommand, ToolCommandRequest
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.environment import EnvironmentName
from pants.engine.fs import Digest, MergeDigests
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException, SpecialCasedDependencies
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from runtime.target_types import LocalDatabaseField, LocalImageField, LocalLiveField

_MAIN = "runtime.local.main"


@dataclass(frozen=True)
class LocalRuntimeFieldSet(RunFieldSet):
    required_fields = (LocalImageField, LocalDatabaseField)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    image: LocalImageField
    database: LocalDatabaseField
    live: LocalLiveField


@dataclass(frozen=True)
class OneImageRequest:
    """Asks for the image that a field names."""

    field: SpecialCasedDependencies


@rule
async def one_image(request: OneImageRequest, environment: EnvironmentName) -> BuiltImage:
    field = request.field
    addresses = await Get(Addresses, UnparsedAddressInputs, field.to_unparsed_address_inputs())
    if len(addresses) != 1:
        raise InvalidFieldException(f"{field.address}: `{field.alias}` must name one image.")
    image = ImageRequest(addresses[0], f"the `{field.alias}` field of {field.address}")
    spec = await Get(ImageSpec, {image: ImageRequest, environment: EnvironmentName})
    return await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})


@rule
async def run_local_runtime(
    field_set: LocalRuntimeFieldSet, environment: EnvironmentName
) -> RunRequest:
    tool = ToolCommandRequest(_MAIN)
    command = await Get(ToolCommand, {tool: ToolCommandRequest, environment: EnvironmentName})
    airflow, database = await MultiGet(
        Get(BuiltImage, {OneImageRequest(field): OneImageRequest, environment: EnvironmentName})
        for field in (field_set.image, field_set.database)
    )
    layouts = await MultiGet(Get(ImageLayout, BuiltImage, image) for image in (airflow, database))
    images = await Get(Digest, MergeDigests(layout.digest for layout in layouts))
    arguments = [f"--command={bin_name()} run {field_set.address} --"]
    arguments += ["--airflow", f"{{chroot}}/{airflow.path}", airflow.spec.reference]
    # Not `postgres:latest`, which may be somebody else's in the engine.
    own = f"{airflow.spec.repository}-{database.spec.reference}"
    arguments += ["--database", f"{{chroot}}/{database.path}", own]
    # `run` starts it in the root of the repository, which the paths are relative to.
    for source, target in (field_set.live.value or {}).items():
        arguments += ["--live", source, target]
    return tool_run(command, tuple(arguments), images)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), *LocalRuntimeFieldSet.rules()]
