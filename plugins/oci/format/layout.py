"""Reads an OCI image layout with one image. Source: OCI image spec 1.1, image-layout.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

from oci.sandbox.errors import SandboxError


@dataclass(frozen=True)
class Layout:
    """The image of a layout."""

    root: Path
    """Folder with `index.json` and `blobs`."""

    manifest_digest: str
    """`sha256:<hex>`; what registries know the image by."""

    manifest: Dict[str, Any]
    config: Dict[str, Any]

    def blob(self, digest: str) -> Path:
        """Where the blob `sha256:<hex>` lies."""
        return self.root / "blobs" / digest.replace(":", "/")

    @property
    def config_digest(self) -> str:
        """`sha256:<hex>`; what a classic engine calls the image's id."""
        digest: str = self.manifest["config"]["digest"]
        return digest

    @property
    def diff_ids(self) -> List[str]:
        """Identities of the layers, from the bottom to the top."""
        diff_ids: List[str] = self.config["rootfs"]["diff_ids"]
        return diff_ids

    @property
    def layers(self) -> List[str]:
        """Digests of the layers' blobs, in the same order."""
        return [layer["digest"] for layer in self.manifest["layers"]]


def _read(path: Path) -> Dict[str, Any]:
    try:
        data: Dict[str, Any] = json.loads(path.read_bytes())
        return data
    except (OSError, ValueError) as error:
        raise SandboxError(f"{path}: not a part of an OCI image layout: {error}.") from None


def read_layout(root: Path) -> Layout:
    """Read a layout.

    Raises:
        SandboxError: a document is missing or is no JSON.
    """
    index = _read(root / "index.json")
    folder = root / "blobs"
    digest = index["manifests"][0]["digest"]
    manifest = _read(folder / digest.replace(":", "/"))
    config = _read(folder / manifest["config"]["digest"].replace(":", "/"))
    return Layout(root, digest, manifest, config)
