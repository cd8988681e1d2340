"""What `package` writes of layers and images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.packaged import ImageArtifact, LayerArtifact
from oci.target_types import ImageLayersField, LayerEnvField
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.attested_image import AttestedImage
from oci.util_rules.image_layout import blob_entries
from oci.util_rules.kinds import ImageRequest, LayerRequest
from pants.core.goals.package import BuiltPackage, PackageFieldSet
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent, FileEntry, MergeDigests
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class PackageLayerFieldSet(PackageFieldSet):
    required_fields = (LayerEnvField,)

    environment: EnvironmentField


@dataclass(frozen=True)
class PackageImageFieldSet(PackageFieldSet):
    required_fields = (ImageLayersField,)

    environment: EnvironmentField


def _documents(layer: BuiltLayer) -> tuple[FileContent | FileEntry, ...]:
    """What an earlier build is explained by, and what other tools may read."""
    path = f"layers/{layer.address.path_safe_spec}"
    return (
        FileContent(f"{path}.json", layer.descriptor.to_json()),
        FileEntry(f"{path}.mtree", layer.paths),
        FileEntry(f"{path}.packages.json", layer.packages),
    )


@rule(level=LogLevel.DEBUG)
async def package_layer(
    field_set: PackageLayerFieldSet, environment: EnvironmentName
) -> BuiltPackage:
    request = LayerRequest(field_set.address, "the command line")
    layer = await Get(BuiltLayer, {request: LayerRequest, environment: EnvironmentName})
    documents = _documents(layer)
    digest = await Get(Digest, CreateDigest([*blob_entries((layer,)), *documents]))
    return BuiltPackage(digest, (LayerArtifact(documents[0].path, layer=layer),))


@rule(level=LogLevel.DEBUG)
async def package_image(
    field_set: PackageImageFieldSet, environment: EnvironmentName
) -> BuiltPackage:
    request = ImageRequest(field_set.address)
    spec = await Get(ImageSpec, {request: ImageRequest, environment: EnvironmentName})
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    attested = await Get(AttestedImage, {image: BuiltImage, environment: EnvironmentName})
    documents = (document for layer in set(image.layers) for document in _documents(layer))
    layers = await Get(Digest, CreateDigest(documents))
    digest = await Get(Digest, MergeDigests([attested.digest, layers]))
    return BuiltPackage(digest, (ImageArtifact(image.path, image=image),))


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(PackageFieldSet, PackageImageFieldSet),
        UnionRule(PackageFieldSet, PackageLayerFieldSet),
    ]
