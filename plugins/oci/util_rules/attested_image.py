"""Adds to images what says what is inside and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.contents import ImageContents
from oci.format.image import Document, image_index
from oci.format.referrers import Referrer, blobs, layout_entries
from oci.image import ImageSpec
from oci.sbom import cyclonedx, provenance, spdx
from oci.sbom.bill import Subject
from oci.subsystem import OciSubsystem
from oci.toolchain import LayerToolchain
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.image_layout import document_entries, image_entries, listing_entries
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class AttestedImage:
    """An image with its documents: attached to it, and as files beside its layout."""

    digest: Digest
    """Relative to `dist`."""

    referrers_path: str
    """Folder of a layout that lists the image and what is attached to it: `referrers/5.0.6`."""


@rule(desc="Say what is inside an image", level=LogLevel.DEBUG)
async def attest_image(
    image: BuiltImage, options: OciSubsystem, environment: EnvironmentName
) -> AttestedImage:
    tools = await Get(LayerToolchain, EnvironmentName, environment)
    spec, manifest = image.spec, image.manifest
    contents = await Get(ImageContents, {spec: ImageSpec, environment: EnvironmentName})
    subject = Subject(contents, spec.repository, spec.tag, spec.created, image.platform)
    parameters = {
        "compression": options.compression.value,
        # As Pants names the tree of programs that build layers.
        "toolchain": {"sha256": tools.toolchain.digest.fingerprint},
    }
    statement = provenance.provenance_document(subject, options.builder_id, parameters)
    documents = {
        "spdx.json": (spdx.MEDIA_TYPE, Document.of(spdx.spdx_document(subject))),
        "cdx.json": (cyclonedx.MEDIA_TYPE, Document.of(cyclonedx.cyclonedx_document(subject))),
        "provenance.json": (provenance.MEDIA_TYPE, Document.of(statement)),
    }
    attached = [
        Referrer.of(manifest, media_type, f"{spec.tag}.{suffix}", document, spec.created)
        for suffix, (media_type, document) in documents.items()
    ]
    contents_of = {suffix: document for suffix, (_, document) in documents.items()}
    # Beside others in its own layout, an image could not be opened without its name.
    referrers_path = f"referrers/{spec.name}"
    listing = image_index(manifest, spec.tag, image.platform, layout_entries(manifest, attached))
    entries = [
        *image_entries(image),
        *document_entries([*contents_of.values(), *blobs(attached)]),
        *listing_entries(referrers_path, listing),
        *(
            FileContent(f"{image.path}.{suffix}", document.content)
            for suffix, document in contents_of.items()
        ),
    ]
    return AttestedImage(await Get(Digest, CreateDigest(entries)), referrers_path)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
