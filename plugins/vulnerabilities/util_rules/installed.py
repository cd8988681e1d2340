"""Finds what images have installed, and which locks pin it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from debian.subsystem import DebianSubsystem
from debian.target_types import DebianResolveField
from oci.format import packages
from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.kinds import ImageRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileEntry
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from runtime.target_types import ImageReleaseField
from vulnerabilities.installed import InstalledImage, InstalledLayer, installed
from wheels.subsystem import WheelsSubsystem
from wheels.target_types import WheelResolveField


@dataclass(frozen=True)
class InstalledRequest:
    """Asks for what the image of a target has installed."""

    request: ImageRequest


@rule(level=LogLevel.DEBUG)
async def installed_layer(
    layer: BuiltLayer, debian: DebianSubsystem, wheels: WheelsSubsystem
) -> InstalledLayer:
    digest = await Get(Digest, CreateDigest([FileEntry("packages", layer.packages)]))
    (content,), wrapped = await MultiGet(
        Get(DigestContents, Digest, digest),
        Get(
            WrappedTarget,
            WrappedTargetRequest(layer.address, description_of_origin="<infallible>"),
        ),
    )
    target, lock, suite = wrapped.target, "", ""
    if target.has_field(DebianResolveField):
        resolve = target[DebianResolveField].value or ""
        lock, suite = debian.lockfile(resolve), debian.platform(resolve).suite
    elif target.has_field(WheelResolveField):
        lock = wheels.lockfile(target[WheelResolveField].value or "")
    found = installed(packages.loads(content.content.decode()), suite)
    return InstalledLayer(layer.descriptor.target, lock, found)


@rule(level=LogLevel.DEBUG)
async def installed_image(
    request: InstalledRequest, environment: EnvironmentName
) -> InstalledImage:
    spec = await Get(ImageSpec, {request.request: ImageRequest, environment: EnvironmentName})
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    layers = await MultiGet(Get(InstalledLayer, BuiltLayer, layer) for layer in image.layers)
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(spec.address, description_of_origin="<infallible>")
    )
    is_release = wrapped.target.has_field(ImageReleaseField)
    return InstalledImage(
        reference=spec.reference,
        target=str(spec.address),
        # The folder of a release is called after it.
        release=os.path.basename(spec.address.spec_path) if is_release else "",
        layers=layers,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
