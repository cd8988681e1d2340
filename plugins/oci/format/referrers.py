"""Documents about an image, attached to it as registries know it.

Each is an artifact: a manifest whose `subject` is the image's and whose one blob is the document.
Source: OCI image spec 1.1, manifest.md, "Guidelines for Artifact Usage"; OCI distribution spec 1.1,
"Pushing Manifests with Subject", and "Referrers Tag Schema" for registries that do not list
referrers by themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, List, Mapping, Sequence

from oci.format.errors import FormatError
from oci.format.image import (
    INDEX_MEDIA_TYPE,
    MANIFEST_MEDIA_TYPE,
    REF_NAME_ANNOTATION,
    Document,
    index_of,
)
from oci.format.layout import Layout

EMPTY = Document(b"{}")
EMPTY_MEDIA_TYPE = "application/vnd.oci.empty.v1+json"

TITLE_ANNOTATION = "org.opencontainers.image.title"
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True)
class Referrer:
    """A document about an image."""

    manifest: Document

    @classmethod
    def of(
        cls, subject: Document, artifact_type: str, title: str, content: Document, created: str
    ) -> Referrer:
        """Attach a document.

        Args:
            subject: The manifest of the image.
            artifact_type: Media type of the document.
            title: A file name for it.
            content: What it says.
            created: RFC 3339. Never from the clock.
        """
        return cls(
            Document.of(
                {
                    "schemaVersion": 2,
                    "mediaType": MANIFEST_MEDIA_TYPE,
                    "artifactType": artifact_type,
                    "config": EMPTY.descriptor(EMPTY_MEDIA_TYPE, data="e30="),
                    "layers": [
                        content.descriptor(artifact_type, annotations={TITLE_ANNOTATION: title})
                    ],
                    "subject": subject.descriptor(MANIFEST_MEDIA_TYPE),
                    "annotations": {_CREATED: created},
                }
            )
        )

    @cached_property
    def data(self) -> Dict[str, Any]:
        """The manifest, read."""
        data: Dict[str, Any] = json.loads(self.manifest.content)
        return data

    @property
    def digest(self) -> str:
        """Of the manifest."""
        return self.manifest.digest

    @property
    def artifact_type(self) -> str:
        """Media type of the document."""
        return str(self.data.get("artifactType", ""))

    @property
    def title(self) -> str:
        """The document's file name, or nothing."""
        return _title(self.data)

    @property
    def descriptor(self) -> Dict[str, Any]:
        """As an index lists it: who reads that must not need the manifests to tell what is what."""
        about = {name: self.data[name] for name in _SHOWN if name in self.data}
        return self.manifest.descriptor(self.data["mediaType"], **about)

    def is_earlier_form(self, manifest: Mapping[str, Any]) -> bool:
        """Whether a manifest is what this document was before it changed."""
        return (
            bool(self.title)
            and _title(manifest) == self.title
            and manifest.get("artifactType") == self.artifact_type
            and manifest.get("subject", {}).get("digest") == self.data["subject"]["digest"]
        )


_SHOWN = ("artifactType", "annotations")


def _title(manifest: Mapping[str, Any]) -> str:
    """The file name of the one document that a manifest holds; empty where it holds none."""
    try:
        (layer,) = manifest["layers"]
        return str(layer["annotations"][TITLE_ANNOTATION])
    except (LookupError, TypeError, ValueError):
        return ""


def fallback_tag(subject: str) -> str:
    """The tag that lists the referrers of an image in a registry without the referrers API.

    Args:
        subject: The digest of the image's manifest.
    """
    return subject.replace(":", "-")


def read_fallback_index(content: bytes) -> List[Dict[str, Any]]:
    """The descriptors in an index that stands at `fallback_tag`.

    Raises:
        FormatError: It is none.
    """
    try:
        listed: List[Dict[str, Any]] = json.loads(content)["manifests"] or []
        if not all(isinstance(descriptor["digest"], str) for descriptor in listed):
            raise TypeError
    except (LookupError, RecursionError, TypeError, ValueError):
        raise FormatError(
            "What should list the documents about an image is not an index."
        ) from None
    return listed


def layout_entries(subject: Document, referrers: Sequence[Referrer]) -> List[Dict[str, Any]]:
    """What the layout of an image with its referrers lists after the image."""
    listed = [referrer.descriptor for referrer in referrers]
    tag = {REF_NAME_ANNOTATION: fallback_tag(subject.digest)}
    return [*listed, index_of(listed).descriptor(INDEX_MEDIA_TYPE, annotations=tag)]


def blobs(referrers: Sequence[Referrer]) -> List[Document]:
    """All that `layout_entries` refers to, but for the documents themselves."""
    index = index_of([referrer.descriptor for referrer in referrers])
    return [*(referrer.manifest for referrer in referrers), EMPTY, index]


def read_referrers(layout: Layout) -> List[Referrer]:
    """What a layout has that is attached to its image.

    Raises:
        FormatError: One cannot be read.
    """
    found = []
    path = layout.root
    for descriptor in layout.listed:
        try:
            path = layout.blob(descriptor["digest"])
            referrer = Referrer(Document(path.read_bytes()))
            subject = referrer.data.get("subject") or {}
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise FormatError(f"{path}: not a part of an OCI image layout: {reason}.") from None
        if subject.get("digest") == layout.manifest_digest:
            found.append(referrer)
    return found
