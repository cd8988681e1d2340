"""`package` for layers and images: what is written to `dist`, and the table that says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from oci.image import ImageSpec
from oci.layer import BuiltLayer
from oci.report import layer_table
from oci.sandbox.sizes import human_size
from oci.stored_blobs import check_whole
from oci.target_types import ImageLayersField, LayerEnvField
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.attested_image import AttestedImage
from oci.util_rules.image_layout import blob_entries
from oci.util_rules.kinds import ImageRequest, LayerRequest
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent, FileEntry, MergeDigests
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions
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
    field_set: PackageLayerFieldSet,
    run_id: RunId,
    environment: EnvironmentName,
    options: GlobalOptions,
) -> BuiltPackage:
    request = LayerRequest(field_set.address, "the command line")
    layer = await Get(BuiltLayer, {request: LayerRequest, environment: EnvironmentName})
    check_whole([layer.blob], Path(options.local_store_dir))
    documents = _documents(layer)
    digest = await Get(Digest, CreateDigest([*blob_entries((layer,)), *documents]))
    return BuiltPackage(
        digest,
        (
            BuiltPackageArtifact(
                relpath=documents[0].path, extra_log_lines=tuple(layer_table((layer,), run_id))
            ),
        ),
    )


@rule(level=LogLevel.DEBUG)
async def package_image(
    field_set: PackageImageFieldSet,
    run_id: RunId,
    environment: EnvironmentName,
    options: GlobalOptions,
) -> BuiltPackage:
    request = ImageRequest(field_set.address)
    spec = await Get(ImageSpec, {request: ImageRequest, environment: EnvironmentName})
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    check_whole((layer.blob for layer in image.layers), Path(options.local_store_dir))
    attested = await Get(AttestedImage, {image: BuiltImage, environment: EnvironmentName})
    size = len(image.manifest.content) + len(image.config.content)
    size += sum(layer.descriptor.size for layer in image.layers)
    documents = (document for layer in set(image.layers) for document in _documents(layer))
    layers = await Get(Digest, CreateDigest(documents))
    headline = f"{spec.reference}  {image.manifest.digest}  {human_size(size)}"
    return BuiltPackage(
        await Get(Digest, MergeDigests([attested.digest, layers])),
        (
            BuiltPackageArtifact(
                relpath=image.path,
                extra_log_lines=(headline, *layer_table(image.layers, run_id)),
            ),
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(PackageFieldSet, PackageImageFieldSet),
        UnionRule(PackageFieldSet, PackageLayerFieldSet),
    ]
