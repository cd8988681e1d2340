"""The documents about an image: bills of materials and provenance, each an artifact of its own.

Source: OCI image spec 1.1, manifest.md, "subject"; OCI distribution spec 1.1, "Pushing Manifests
with Subject" and "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence

from oci.distribution.errors import RegistryError
from oci.format.layout import Layout

INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True)
class Attachment:
    """One document: a manifest whose subject is the image."""

    descriptor: Dict[str, Any]
    """As an index lists it."""

    manifest: Dict[str, Any]

    content: bytes
    """The manifest, as it is stored."""

    @property
    def digest(self) -> str:
        """Of the manifest."""
        digest: str = self.descriptor["digest"]
        return digest

    @property
    def artifact_type(self) -> str:
        """Media type of the document."""
        return str(self.descriptor.get("artifactType", ""))

    @property
    def title(self) -> str:
        """The document's file name, or nothing."""
        return title_of(self.manifest)

    def is_earlier_form(self, manifest: Mapping[str, Any]) -> bool:
        """Whether a manifest is what this document was before it changed."""
        return (
            bool(self.title)
            and title_of(manifest) == self.title
            and manifest.get("artifactType") == self.artifact_type
            and manifest.get("subject", {}).get("digest") == self.manifest["subject"]["digest"]
        )


def title_of(manifest: Mapping[str, Any]) -> str:
    """The file name of the one document that a manifest holds; empty where it holds none."""
    try:
        (layer,) = manifest["layers"]
        return str(layer["annotations"][_TITLE])
    except (LookupError, TypeError, ValueError):
        return ""


def attachments(layout: Layout) -> List[Attachment]:
    """The documents of the layout's image."""
    index = json.loads((layout.root / "index.json").read_bytes())
    found = []
    for descriptor in index["manifests"]:
        content = layout.blob(descriptor["digest"]).read_bytes()
        manifest = json.loads(content)
        if manifest.get("subject", {}).get("digest") == layout.manifest_digest:
            # Who reads a list must not need the manifests to tell what is what.
            about = {
                name: manifest[name] for name in ("artifactType", "annotations") if name in manifest
            }
            found.append(Attachment({**descriptor, **about}, manifest, content))
    return found


def fallback_tag(layout: Layout) -> str:
    """The tag that lists the documents where a registry does not do so by itself."""
    return layout.manifest_digest.replace(":", "-")


def listed_at_fallback_tag(existing: Optional[bytes]) -> List[Dict[str, Any]]:
    """What an index at `fallback_tag` lists.

    Args:
        existing: What stands there now, if anything.

    Raises:
        RegistryError: What stands there is something else.
    """
    if existing is None:
        return []
    try:
        listed: List[Dict[str, Any]] = json.loads(existing)["manifests"] or []
        if not all(isinstance(descriptor["digest"], str) for descriptor in listed):
            raise TypeError
    except (KeyError, RecursionError, TypeError, ValueError):
        raise RegistryError(
            "What the registry has at the tag that lists the documents about an image is no index: "
            "delete that tag."
        ) from None
    return listed


def fallback_index(descriptors: Sequence[Mapping[str, Any]]) -> bytes:
    """What stands at `fallback_tag` where these are the documents about an image."""
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX_MEDIA_TYPE,
        "manifests": list(descriptors),
    }
    return json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
