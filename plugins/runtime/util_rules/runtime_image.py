"""Turns `runtime_image` targets into image specs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageFieldSet, ImageSpec
from oci.image_fields import ConfiguredImageFieldSet
from oci.target_types import ImageLayersField
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException, Targets
from pants.engine.unions import UnionRule
from runtime.manifest import Manifest
from runtime.onbuild import ONBUILD, SHELL
from runtime.target_types import ImageReleaseField, OnbuildField
from runtime.util_rules.backports import DistinctBuilds, DistinctBuildsRequest
from runtime.util_rules.release import ReleaseFieldSet
from wheels.util_rules.selection import CheckedPartition, CheckedPartitionRequest


@dataclass(frozen=True)
class RuntimeImageFieldSet(ConfiguredImageFieldSet):
    required_fields = (ImageReleaseField, ImageLayersField)

    release: ImageReleaseField
    onbuild: OnbuildField

    @property
    def repository_name(self) -> str:
        return self.repository.value or "astro-runtime"


def _labels(manifest: Manifest, onbuild: bool) -> dict[str, str]:
    """What the Astro CLI and registries read of an image."""
    labels = {
        "io.astronomer.docker.airflow.version": manifest.installed_airflow,
        "io.astronomer.docker.runtime.version": manifest.release,
        "org.opencontainers.image.created": f"{manifest.date}T00:00:00Z",
        "org.opencontainers.image.version": manifest.release,
    }
    if manifest.experimental:
        labels["io.astronomer.docker.experimental"] = "true"
    if onbuild:
        labels["io.astronomer.docker.airflow.onbuild"] = "true"
    return labels


@rule
async def runtime_image_spec(field_set: RuntimeImageFieldSet) -> ImageSpec:
    layers, releases = await MultiGet(
        Get(Addresses, UnparsedAddressInputs, field_set.layers.to_unparsed_address_inputs()),
        Get(Targets, UnparsedAddressInputs, field_set.release.to_unparsed_address_inputs()),
    )
    if len(releases) != 1 or not ReleaseFieldSet.is_applicable(releases[0]):
        raise InvalidFieldException(
            f"{field_set.address}: `release` must name one `runtime_release` target."
        )
    manifest, _ = await MultiGet(
        Get(Manifest, ReleaseFieldSet, ReleaseFieldSet.create(releases[0])),
        Get(DistinctBuilds, DistinctBuildsRequest()),
    )
    # An image without a package that its lock pins would fail in a task, not in the build.
    await Get(CheckedPartition, CheckedPartitionRequest(tuple(layers)))
    onbuild = field_set.onbuild.value
    tag = manifest.release if onbuild else f"{manifest.release}-base"
    return ImageSpec(
        address=field_set.address,
        repository=field_set.repository_name,
        tag=tag,
        # No two releases have one number.
        name=tag,
        layers=tuple(layers),
        config=field_set.config(
            env={"ASTRONOMER_RUNTIME_VERSION": manifest.release},
            labels=_labels(manifest, onbuild),
            shell=SHELL if onbuild else (),
            onbuild=ONBUILD if onbuild else (),
        ),
        created=f"{manifest.date}T00:00:00Z",
        experimental=manifest.experimental,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(ImageFieldSet, RuntimeImageFieldSet)]
