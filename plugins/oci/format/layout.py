"""OCI image layouts that hold one image. Source: OCI image spec 1.1, image-layout.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Tuple

from oci.format.errors import FormatError
from oci.format.image import (
    DOCKER_MANIFEST_MEDIA_TYPE,
    MANIFEST_MEDIA_TYPE,
    REF_NAME_ANNOTATION,
    Document,
)

_INDEX = "index.json"


def blob_path(digest: str) -> str:
    """Where a layout has the blob `sha256:<hex>`."""
    return "blobs/" + digest.replace(":", "/")


@dataclass(frozen=True)
class Layout:
    """The image of a layout."""

    root: Path
    """The folder of the layout."""

    listed: List[Dict[str, Any]]
    """Descriptors of all that the layout lists: the image, and what is attached to it."""

    descriptor: Dict[str, Any]
    """That of the image."""

    manifest: Dict[str, Any]
    config: Dict[str, Any]

    layers: Tuple[str, ...]
    """Digests of the layers' blobs, from the bottom to the top."""

    diff_ids: Tuple[str, ...]
    """Identities of the layers, in the same order."""

    def blob(self, digest: str) -> Path:
        """The file of the blob `sha256:<hex>`."""
        return self.root / blob_path(digest)

    @property
    def name(self) -> str:
        """What the layout calls the image, such as `5.0.6`, or nothing."""
        return str(self.descriptor.get("annotations", {}).get(REF_NAME_ANNOTATION, ""))

    @property
    def manifest_digest(self) -> str:
        """`sha256:<hex>`; what registries know the image by."""
        return str(self.descriptor["digest"])

    @property
    def config_digest(self) -> str:
        """`sha256:<hex>`; what a classic engine calls the image's id."""
        return str(self.manifest["config"]["digest"])


def layout_files(index: Document, blobs: Iterable[Document] = ()) -> Dict[str, bytes]:
    """The files of a layout, by their paths in it.

    Args:
        index: What the layout lists.
        blobs: Those that are at hand; those of layers lie elsewhere.
    """
    return {
        _INDEX: index.content,
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        **{blob_path(blob.digest): blob.content for blob in blobs},
    }


def read_layout(root: Path) -> Layout:
    """Read a layout. What is attached to the image may stand in it too; layers are not touched.

    Raises:
        FormatError: It holds no image or several, or one of its documents is not what it must be.
    """
    part = root / _INDEX
    try:
        listed = _read(part)["manifests"]
        images = [each for each in listed if _is_image(each)]
        if len(images) != 1:
            raise FormatError(f"{part}: it lists {len(images)} images, where one is needed.")
        part = root / blob_path(images[0]["digest"])
        manifest = _read(part)
        layers = tuple(layer["digest"] for layer in manifest["layers"])
        part = root / blob_path(manifest["config"]["digest"])
        config = _read(part)
        diff_ids = tuple(config["rootfs"]["diff_ids"])
    except (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error} is wrong or missing"
        raise FormatError(f"{part}: not a part of an OCI image layout: {reason}.") from None
    return Layout(root, listed, images[0], manifest, config, layers, diff_ids)


def _read(path: Path) -> Dict[str, Any]:
    data: Dict[str, Any] = json.loads(path.read_bytes())
    return data


def _is_image(descriptor: Dict[str, Any]) -> bool:
    """What is attached to an image has an artifact type, or is an index."""
    kinds = (MANIFEST_MEDIA_TYPE, DOCKER_MANIFEST_MEDIA_TYPE)
    return descriptor["mediaType"] in kinds and "artifactType" not in descriptor
