"""Reads an image from an OCI image layout.

Source: OCI image spec 1.1, image-layout.md, manifest.md and config.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Tuple

from tests.engine.errors import BadLayout

REF_NAME = "org.opencontainers.image.ref.name"

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True)
class Layout:
    """One image in an OCI layout folder.

    Raises:
        BadLayout: By `open`, where the folder is absent or holds no image or several.
    """

    path: Path
    """The folder with `index.json`, `oci-layout` and `blobs`."""

    descriptor: Dict[str, Any]
    """The manifest's entry in `index.json`, annotations included."""

    manifest: Dict[str, Any]
    """The parsed image manifest."""

    @classmethod
    def open(cls, path: Path) -> Layout:
        """Reads `index.json` and the manifest; layers are not touched."""
        index_path = path / "index.json"
        if not index_path.is_file():
            raise BadLayout(
                f"{index_path} is not there: build the image with `./pants package`, and name the "
                "folder that holds `images/` in ASTRO_RUNTIME_DIST (`dist` after a build)."
            )
        listed = json.loads(index_path.read_text())["manifests"]
        # What refers to the image has an artifact type, or is an index.
        manifests = [each for each in listed if each["mediaType"] in _MANIFESTS]
        manifests = [each for each in manifests if "artifactType" not in each]
        if len(manifests) != 1:
            raise BadLayout(f"{index_path} lists {len(manifests)} images, and tests need one.")
        descriptor = manifests[0]
        manifest = json.loads(_blob(path, descriptor["digest"]).read_text())
        if "config" not in manifest:
            raise BadLayout(f"{index_path} refers to a {descriptor['mediaType']}, not to an image.")
        return cls(path=path, descriptor=descriptor, manifest=manifest)

    @property
    def reference(self) -> str:
        """The image's name in the layout, such as `astro-runtime:5.0.6`, or an empty string."""
        return str(self.descriptor.get("annotations", {}).get(REF_NAME, ""))

    @property
    def config_digest(self) -> str:
        """`sha256:<hex>` of the image's config; the classic engine calls this the image's id."""
        return str(self.manifest["config"]["digest"])

    @property
    def config(self) -> Dict[str, Any]:
        """The parsed config: `config`, `rootfs`, `history`, ..."""
        parsed: Dict[str, Any] = json.loads(self.blob(self.config_digest).read_text())
        return parsed

    @property
    def layer_digests(self) -> Tuple[str, ...]:
        """Digests of the layer blobs as stored, lowest first."""
        return tuple(layer["digest"] for layer in self.manifest["layers"])

    def blob(self, digest: str) -> Path:
        """The file of a blob, given `sha256:<hex>`."""
        return _blob(self.path, digest)


def _blob(path: Path, digest: str) -> Path:
    algorithm, _, encoded = digest.partition(":")
    return path / "blobs" / algorithm / encoded
