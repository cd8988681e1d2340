"""Documents that a layout attaches to its image, and how registries list them.

Source: OCI image spec 1.1, image-layout.md; OCI distribution spec 1.1, "Pushing Manifests with
Subject" and "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from oci.distribution.errors import RegistryError
from oci.sandbox.layout import Layout

INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Attachment:
    """One document: a manifest whose subject is the image."""

    descriptor: Dict[str, Any]
    """As an index lists it."""

    manifest: Dict[str, Any]

    content: bytes
    """The manifest, as it is stored."""


def attachments(layout: Layout) -> List[Attachment]:
    """The documents of the layout's image."""
    index = json.loads((layout.root / "index.json").read_bytes())
    found = []
    for descriptor in index["manifests"]:
        content = layout.blob(descriptor["digest"]).read_bytes()
        manifest = json.loads(content)
        if manifest.get("subject", {}).get("digest") == layout.manifest_digest:
            found.append(Attachment(descriptor, manifest, content))
    return found


def fallback_tag(layout: Layout) -> str:
    """The tag that lists the documents where a registry does not do so by itself."""
    return layout.manifest_digest.replace(":", "-")


def fallback_index(existing: Optional[bytes], ours: List[Attachment]) -> bytes:
    """What stands at `fallback_tag`: what others attached, such as signatures, and our documents.

    Args:
        existing: What stands there now, if anything.
        ours: The documents.

    Raises:
        RegistryError: What stands there is something else.
    """
    listed: Dict[str, Dict[str, Any]] = {}
    try:
        for descriptor in json.loads(existing)["manifests"] if existing else []:
            listed[str(descriptor["digest"])] = descriptor
    except (KeyError, RecursionError, TypeError, ValueError):
        raise RegistryError(
            "What the registry has at the tag that lists the documents about an image is no index: "
            "delete that tag."
        ) from None
    for attachment in ours:
        listed[attachment.descriptor["digest"]] = attachment.descriptor
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX_MEDIA_TYPE,
        "manifests": list(listed.values()),
    }
    return json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
