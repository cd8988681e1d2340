"""Assembles images without a process, from the descriptors of their layers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable, Sequence

from oci.conflicts import StackedLayer, conflicts, pairs_to_compare
from oci.image import LAYOUT, AssembledImage, Document, ImageSpec, assemble
from oci.layer import BuiltLayer
from oci.util_rules.kinds import LayerRequest
from oci.util_rules.layer_paths import (
    DifferingPaths,
    DifferingPathsRequest,
    LayerPaths,
    LayerPathsRequest,
)
from pants.engine.addresses import Address
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent, FileEntry, SymlinkEntry
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

MAX_LAYERS = 100
"""Engines stack at most 127 layers, and users add theirs on top."""


class ImageError(Exception):
    """An image cannot be assembled."""


@dataclass(frozen=True)
class BuiltImage:
    """An image that stands in the store, as an OCI image layout."""

    spec: ImageSpec
    layers: tuple[BuiltLayer, ...]
    documents: AssembledImage

    digest: Digest
    """The layout, relative to `dist`."""

    path: str
    """Folder of the layout: `images/5.0.6-base`."""

    @property
    def digest_of_manifest(self) -> str:
        """What registries know the image by: `sha256:<hex>`."""
        return f"sha256:{self.documents.manifest.sha256}"

    @property
    def size(self) -> int:
        """Bytes that a registry keeps of the image: layers, configuration and manifest."""
        size = len(self.documents.manifest.content) + len(self.documents.config.content)
        return size + sum(layer.descriptor.size for layer in self.layers)


def _refuse_conflicts(spec: ImageSpec, found: Sequence[tuple[str, Address, Address]]) -> None:
    if found:
        path, lower, upper = found[0]
        more = f" (and {len(found) - 1} more paths)" if len(found) > 1 else ""
        raise ImageError(
            f"{spec.address}: the layers {lower} and {upper} both hold /{path} with different "
            f"content, owner or mode{more}. Leave it out of one of them."
        )


@rule(desc="Assemble an image", level=LogLevel.DEBUG)
async def assemble_image(spec: ImageSpec, environment: EnvironmentName) -> BuiltImage:
    if len(spec.layers) > MAX_LAYERS:
        raise ImageError(
            f"{spec.address}: `layers` names {len(spec.layers)} layers; engines take fewer than "
            f"{MAX_LAYERS}."
        )
    layers = await MultiGet(
        Get(
            BuiltLayer,
            {
                LayerRequest(address, f"the `layers` field of {spec.address}"): LayerRequest,
                environment: EnvironmentName,
            },
        )
        for address in spec.layers
    )
    paths = await MultiGet(Get(LayerPaths, LayerPathsRequest(layer.paths)) for layer in layers)
    stack = [
        StackedLayer(layer.address, layer.base, held.by_path) for layer, held in zip(layers, paths)
    ]
    pairs = pairs_to_compare(stack)
    differing = await MultiGet(
        Get(DifferingPaths, DifferingPathsRequest(layers[lower].paths, layers[upper].paths))
        for lower, upper in pairs
    )
    _refuse_conflicts(spec, conflicts(stack, dict(zip(pairs, (each.paths for each in differing)))))
    documents = assemble(spec, layers)
    folder = f"images/{spec.name}"
    digest = await Get(
        Digest, CreateDigest(write_layout(folder, layers, documents, documents.index))
    )
    return BuiltImage(spec, layers, documents, digest, folder)


def write_layout(
    folder: str,
    layers: tuple[BuiltLayer, ...],
    documents: AssembledImage,
    index: Document,
    more: Sequence[Document] = (),
) -> list[FileContent | FileEntry | SymlinkEntry]:
    """The files of an image's layout.

    Args:
        folder: Of the layout, relative to `dist`.
        layers: The image's.
        documents: The image's.
        index: What the layout lists.
        more: Blobs besides those of the image.
    """
    return [
        *blob_entries(layers),
        *(
            FileContent(f"blobs/sha256/{document.sha256}", document.content)
            for document in (documents.config, documents.manifest, *more)
        ),
        *layout_files(folder, index),
    ]


def layout_files(folder: str, index: Document) -> list[FileContent | SymlinkEntry]:
    """The files of a layout beside its blobs.

    Args:
        folder: Of the layout, relative to `dist`.
        index: What the layout lists.
    """
    return [
        FileContent(f"{folder}/index.json", index.content),
        FileContent(f"{folder}/oci-layout", LAYOUT),
        # All images share one store of blobs: 28 images must not cost 28 copies.
        SymlinkEntry(f"{folder}/blobs", os.path.relpath("blobs", folder)),
    ]


def blob_entries(layers: tuple[BuiltLayer, ...]) -> list[FileEntry]:
    """The blobs of layers, where an OCI image layout keeps them."""
    return sorted(
        {FileEntry(f"blobs/sha256/{layer.blob.fingerprint}", layer.blob) for layer in layers},
        key=lambda entry: entry.path,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
