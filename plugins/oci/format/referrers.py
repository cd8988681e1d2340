"""Documents about an image, attached to it as registries know it.

Each is an artifact: a manifest whose `subject` is the image's and whose one blob is the document.
Source: OCI image spec 1.1, manifest.md, "Guidelines for Artifact Usage"; OCI distribution spec 1.1,
"Referrers Tag Schema", for registries that do not list referrers by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from oci.image import INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, REF_NAME_ANNOTATION, Document

EMPTY = Document(b"{}")
EMPTY_MEDIA_TYPE = "application/vnd.oci.empty.v1+json"

_TITLE = "org.opencontainers.image.title"
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True)
class Referrer:
    """A document about an image."""

    artifact_type: str
    """Media type of the document."""

    content: Document
    manifest: Document

    @classmethod
    def of(
        cls, subject: Document, artifact_type: str, title: str, data: dict[str, Any], created: str
    ) -> Referrer:
        """Attach a document.

        Args:
            subject: The manifest of the image.
            artifact_type: Media type of the document.
            title: A file name for it.
            data: What it says.
            created: RFC 3339. Never from the clock.
        """
        content = Document.of(data)
        manifest = Document.of(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_MEDIA_TYPE,
                "artifactType": artifact_type,
                "config": EMPTY.descriptor(EMPTY_MEDIA_TYPE, data="e30="),
                "layers": [content.descriptor(artifact_type, annotations={_TITLE: title})],
                "subject": subject.descriptor(MANIFEST_MEDIA_TYPE),
                "annotations": {_CREATED: created},
            }
        )
        return cls(artifact_type, content, manifest)

    @property
    def descriptor(self) -> dict[str, Any]:
        """As an index lists it."""
        return self.manifest.descriptor(MANIFEST_MEDIA_TYPE, artifactType=self.artifact_type)


def fallback_tag(subject: Document) -> str:
    """The tag that lists the referrers of an image in a registry without the referrers API."""
    return f"sha256-{subject.sha256}"


def fallback_index(referrers: Sequence[Referrer]) -> Document:
    """What stands at `fallback_tag`."""
    return Document.of(
        {
            "schemaVersion": 2,
            "mediaType": INDEX_MEDIA_TYPE,
            "manifests": [referrer.descriptor for referrer in referrers],
        }
    )


def layout_entries(subject: Document, referrers: Sequence[Referrer]) -> list[dict[str, Any]]:
    """What the layout of an image with its referrers lists after the image."""
    fallback = fallback_index(referrers).descriptor(
        INDEX_MEDIA_TYPE, annotations={REF_NAME_ANNOTATION: fallback_tag(subject)}
    )
    return [*(referrer.descriptor for referrer in referrers), fallback]


def blobs(referrers: Sequence[Referrer]) -> tuple[Document, ...]:
    """All documents that `layout_entries` refers to."""
    own = (document for referrer in referrers for document in (referrer.content, referrer.manifest))
    return (*own, EMPTY, fallback_index(referrers))
