"""Writes images as OCI image layouts, alone or with the documents about them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable, Sequence

from oci.format.image import Document, image_index
from oci.format.layout import blob_path, layout_files
from oci.layer import BuiltLayer
from oci.util_rules.assemble_image import BuiltImage
from pants.engine.fs import CreateDigest, Digest, FileContent, FileEntry, SymlinkEntry
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class ImageLayout:
    """An image without the documents about it, as what starts it needs it."""

    digest: Digest
    """Relative to `dist`; the layout's folder is `BuiltImage.path`."""


@rule(level=LogLevel.DEBUG)
async def write_image_layout(image: BuiltImage) -> ImageLayout:
    return ImageLayout(await Get(Digest, CreateDigest(image_entries(image))))


def image_entries(image: BuiltImage) -> list[FileContent | FileEntry | SymlinkEntry]:
    """The files of an image's layout, which lists the image alone, so that every tool opens it."""
    return [
        *blob_entries(image.layers),
        *document_entries([image.config, image.manifest]),
        *listing_entries(image.path, image_index(image.manifest, image.spec.tag, image.platform)),
    ]


def listing_entries(folder: str, index: Document) -> list[FileContent | SymlinkEntry]:
    """The files of a layout beside its blobs.

    Args:
        folder: Of the layout, relative to `dist`.
        index: What the layout lists.
    """
    files = layout_files(index).items()
    return [
        *(FileContent(f"{folder}/{path}", content) for path, content in files),
        # All images share one store of blobs: 28 images must not cost 28 copies.
        SymlinkEntry(f"{folder}/blobs", os.path.relpath("blobs", folder)),
    ]


def document_entries(documents: Iterable[Document]) -> list[FileContent]:
    """Blobs that are at hand, where all layouts look for them."""
    return [FileContent(blob_path(each.digest), each.content) for each in documents]


def blob_entries(layers: Sequence[BuiltLayer]) -> list[FileEntry]:
    """The blobs of layers, where all layouts look for them."""
    return sorted(
        {FileEntry(blob_path(layer.descriptor.digest), layer.blob) for layer in layers},
        key=lambda entry: entry.path,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
