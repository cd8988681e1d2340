"""Adds to images what says what is inside and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from oci.contents import ImageContents, LayerContents
from oci.format.referrers import Referrer, blobs, layout_entries
from oci.image import Document, image_index
from oci.layer import BuiltLayer
from oci.sbom import cyclonedx, provenance, spdx
from oci.sbom.bill import Subject
from oci.subsystem import OciSubsystem
from oci.toolchain import LayerToolchain
from oci.util_rules.assemble_image import BuiltImage, layout_files, write_layout
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class AttestedImage:
    """An image with its documents: attached to it, and as files beside its layout."""

    digest: Digest
    """Relative to `dist`."""

    referrers_path: str
    """Folder of a layout that lists the image and what is attached to it: `referrers/5.0.6`."""


def _referrers(
    subject: Subject, manifest: Document, builder: str, parameters: dict[str, Any]
) -> dict[str, Referrer]:
    documents = {
        "spdx.json": (spdx.MEDIA_TYPE, spdx.spdx_document(subject)),
        "cdx.json": (cyclonedx.MEDIA_TYPE, cyclonedx.cyclonedx_document(subject)),
        "provenance.json": (
            provenance.MEDIA_TYPE,
            provenance.provenance_document(subject, builder, parameters),
        ),
    }
    return {
        suffix: Referrer.of(manifest, media_type, f"{subject.tag}.{suffix}", data, subject.created)
        for suffix, (media_type, data) in documents.items()
    }


@rule(desc="Say what is inside an image", level=LogLevel.DEBUG)
async def attest_image(
    image: BuiltImage, options: OciSubsystem, environment: EnvironmentName
) -> AttestedImage:
    tools = await Get(LayerToolchain, EnvironmentName, environment)
    layers = await MultiGet(Get(LayerContents, BuiltLayer, layer) for layer in image.layers)
    spec, manifest = image.spec, image.documents.manifest
    contents = ImageContents(
        reference=f"{spec.repository}:{spec.tag}",
        target=str(spec.address),
        digest=f"sha256:{manifest.sha256}",
        layers=layers,
    )
    subject = Subject(contents, spec.repository, spec.tag, spec.created, image.documents.platform)
    parameters = {
        "compression": options.compression.value,
        # As Pants names the tree of programs that build layers.
        "toolchain": {"sha256": tools.toolchain.digest.fingerprint},
    }
    referrers = _referrers(subject, manifest, options.builder_id, parameters)
    attached = list(referrers.values())
    # Beside others in its own layout, an image could not be opened without its name.
    referrers_path = f"referrers/{spec.name}"
    index = image_index(
        manifest, spec.tag, image.documents.platform, layout_entries(manifest, attached)
    )
    files = (
        FileContent(f"{image.path}.{suffix}", referrer.content.content)
        for suffix, referrer in referrers.items()
    )
    documents = image.documents
    entries = [
        *write_layout(image.path, image.layers, documents, documents.index, blobs(attached)),
        *layout_files(referrers_path, index),
        *files,
    ]
    return AttestedImage(await Get(Digest, CreateDigest(entries)), referrers_path)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
