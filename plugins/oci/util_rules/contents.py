"""Reads what built layers and images hold."""

from __future__ import annotations

from typing import Iterable

from oci.contents import ImageContents, LayerContents, layer_contents
from oci.format import packages
from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.layer_paths import LayerPaths, LayerPathsRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileEntry
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@rule(level=LogLevel.DEBUG)
async def read_layer_contents(layer: BuiltLayer) -> LayerContents:
    digest = await Get(Digest, CreateDigest([FileEntry("packages", layer.packages)]))
    paths, (content,) = await MultiGet(
        Get(LayerPaths, LayerPathsRequest(layer.paths)), Get(DigestContents, Digest, digest)
    )
    return layer_contents(layer.descriptor, packages.loads(content.content.decode()), paths.by_path)


@rule(level=LogLevel.DEBUG)
async def read_image_contents(spec: ImageSpec, environment: EnvironmentName) -> ImageContents:
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    layers = await MultiGet(Get(LayerContents, BuiltLayer, layer) for layer in image.layers)
    return ImageContents(
        reference=spec.reference,
        target=str(spec.address),
        digest=image.manifest.digest,
        layers=layers,
        created=spec.created,
        experimental=spec.experimental,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
