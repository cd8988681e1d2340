"""What a build step says of the layer that it wrote, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Tuple


@dataclass(frozen=True)
class LayerDescriptor:
    """One blob of a layer, as an image manifest refers to it, and what is known of its content.

    Written next to the blob; an image is assembled from these alone.
    Source: OCI image spec 1.1, descriptor.md and layer.md.
    """

    target: str
    """Address of the target that the layer was built from. Empty in what the step itself writes,
    so that equal layers of two targets are one step."""

    media_type: str

    digest: str
    """sha256 of the blob as stored, by which registries and clients know it.

    It changes with the codec: bytes go by it, contents by `diff_id`.
    """

    size: int
    """Bytes of the blob as stored."""

    diff_id: str
    """sha256 of the uncompressed tar, `sha256:<hex>`. The layer's identity."""

    uncompressed_size: int
    """Bytes of the tar."""

    codec: str
    """The compressor with its options. Its version is fixed by the toolchain's lock."""

    path_count: int

    packages: Tuple[str, ...]
    """Package URLs of what is inside (`pkg:deb/...`, `pkg:pypi/...`), sorted."""

    @property
    def role(self) -> str:
        """What the layer is for in an image, whatever its parameters: the target without them."""
        return self.target.partition("@")[0]

    @property
    def in_manifest(self) -> Dict[str, Any]:
        """How an image's manifest refers to the blob."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}

    @classmethod
    def from_json(cls, content: bytes) -> LayerDescriptor:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        data = json.loads(content)
        try:
            found: Dict[str, Any] = {name: data[key] for name, key in _KEYS.items()}
            found["packages"] = tuple(found["packages"])
            return cls(**found)
        except (LookupError, TypeError) as error:
            raise ValueError(f"it is not a descriptor of a layer: {error}") from None

    def to_json(self) -> bytes:
        """The form in which it is written."""
        data = {key: getattr(self, name) for name, key in _KEYS.items()}
        return (json.dumps(data, indent=2) + "\n").encode()


_KEYS = {
    "target": "target",
    "media_type": "mediaType",
    "digest": "digest",
    "size": "size",
    "diff_id": "diffID",
    "uncompressed_size": "uncompressedSize",
    "codec": "codec",
    "path_count": "pathCount",
    "packages": "packages",
}
"""Names in JSON."""
