"""Assembles images without a process, from the descriptors of their layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from oci.conflicts import conflicts
from oci.image import LAYOUT, AssembledImage, Document, ImageSpec, assemble
from oci.layer import BuiltLayer
from oci.sandbox import mtree
from oci.sandbox.mtree import PathInfo
from oci.util_rules.kinds import LayerRequest
from pants.engine.environment import EnvironmentName
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    FileContent,
    FileDigest,
    FileEntry,
    SymlinkEntry,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

MAX_LAYERS = 100
"""Engines stack at most 127 layers, and users add theirs on top."""


class ImageError(Exception):
    """An image cannot be assembled."""


@dataclass(frozen=True)
class LayerPaths:
    """The paths that a layer holds."""

    by_path: dict[str, PathInfo]

    def __hash__(self) -> int:
        return id(self.by_path)


@dataclass(frozen=True)
class LayerPathsRequest:
    """Asks for the paths in a list that a layer's process wrote."""

    paths: FileDigest


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


@rule(level=LogLevel.DEBUG)
async def read_layer_paths(request: LayerPathsRequest) -> LayerPaths:
    digest = await Get(Digest, CreateDigest([FileEntry("paths", request.paths)]))
    (content,) = await Get(DigestContents, Digest, digest)
    return LayerPaths({info.path: info for info in mtree.loads(content.content.decode())})


def _check_conflicts(
    spec: ImageSpec, layers: tuple[BuiltLayer, ...], paths: tuple[LayerPaths, ...]
) -> None:
    found = conflicts(
        (layer.address, layer.base, info.by_path) for layer, info in zip(layers, paths)
    )
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
    _check_conflicts(spec, layers, paths)
    documents = assemble(spec, layers)
    folder = f"images/{spec.tag if spec.tag != 'latest' else spec.repository}"
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
        FileContent(f"{folder}/index.json", index.content),
        FileContent(f"{folder}/oci-layout", LAYOUT),
        # All images share one store of blobs: 28 images must not cost 28 copies.
        SymlinkEntry(f"{folder}/blobs", "../../blobs"),
    ]


def blob_entries(layers: tuple[BuiltLayer, ...]) -> list[FileEntry]:
    """The blobs of layers, where an OCI image layout keeps them."""
    return sorted(
        {FileEntry(f"blobs/sha256/{layer.blob.fingerprint}", layer.blob) for layer in layers},
        key=lambda entry: entry.path,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
