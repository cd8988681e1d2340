"""Brings what a repository lists about an image in line with the documents of a build.

Source: OCI distribution spec 1.1, "Pushing Manifests with Subject" and "Listing Referrers".
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Sequence

from oci.distribution.errors import Refused, RegistryError
from oci.distribution.repository import Repository
from oci.format.errors import FormatError
from oci.format.image import INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, index_of
from oci.format.layout import Layout
from oci.format.referrers import Referrer, fallback_tag, read_fallback_index, read_referrers

Listed = List[Dict[str, Any]]
"""Descriptors of what is attached to an image."""


class Attaching:
    """Attaches the documents of one image to it.

    What others have attached stays. A document that is there in another form is replaced: the one
    of the same type and file name.

    Args:
        repository: That of the image.
        layout: The image, with its documents.
    """

    def __init__(self, repository: Repository, layout: Layout) -> None:
        self._repository = repository
        self._subject = layout.manifest_digest
        self._tag = fallback_tag(self._subject)
        self._ours = read_referrers(layout)
        self._by_registry: Optional[Listed] = None
        self._by_tag: Optional[Listed] = None

    def missing(self) -> List[Referrer]:
        """The documents that the repository lacks.

        Raises:
            RegistryError: It does not say.
        """
        if not self._ours:
            return []
        self._by_registry = self._repository.referrers(self._subject)
        if self._by_registry is not None:
            return self._absent_from(self._by_registry)
        absent = self._absent_from(self._listed_by_tag())
        # Registries clean up what has no tag of its own, whatever lists it.
        return [
            each
            for each in self._ours
            if each in absent or not self._repository.manifest_digest(each.digest)
        ]

    def attach(self, missing: Sequence[Referrer]) -> str:
        """Attach documents, and take away what they replace.

        Args:
            missing: What `missing` found; their blobs are there.

        Returns:
            What was done, for people; nothing if that was nothing.

        Raises:
            RegistryError: It cannot be done.
        """
        if not self._ours:
            return ""
        # No generator: each must be pushed, whatever the registry says of the others.
        noticed = [self._put(each) for each in missing]
        by_registry = self._by_registry
        if not all(noticed):
            # Some list it without saying so.
            by_registry = self._repository.referrers(self._subject)
        is_listed = by_registry is not None and not self._absent_from(by_registry)
        if (missing and all(noticed)) or is_listed:
            replaced = self._earlier(by_registry or [])
        else:
            replaced = self._earlier(self._listed_by_tag())
            self._write_tag(replaced)
        listed = {each["digest"] for each in by_registry or []}
        kept = [
            digest
            for digest in replaced
            if digest in listed and not self._repository.delete_manifest(digest)
        ]
        return _summary(len(missing), len(replaced) - len(kept), kept)

    def _put(self, document: Referrer) -> bool:
        """Push a document; whether the registry says that it lists it."""
        try:
            return self._repository.put_manifest(
                document.digest, document.manifest.content, MANIFEST_MEDIA_TYPE, self._subject
            )
        except Refused as problem:
            if problem.status in (401, 403):
                raise
            raise RegistryError(
                f"{self._repository.reference}: the registry takes no documents about an image "
                f"({problem.status}){problem.said}: set `attach = false` for it."
            ) from None

    def _absent_from(self, listed: Listed) -> List[Referrer]:
        digests = {each.get("digest") for each in listed}
        return [each for each in self._ours if each.digest not in digests]

    def _listed_by_tag(self) -> Listed:
        if self._by_tag is None:
            content = self._repository.manifest(self._tag)
            try:
                self._by_tag = [] if content is None else read_fallback_index(content)
            except FormatError as problem:
                raise RegistryError(
                    f"{self._repository.reference}:{self._tag}: {problem} Delete that tag."
                ) from None
        return self._by_tag

    def _earlier(self, listed: Listed) -> List[str]:
        """Digests of what our documents replace."""
        types = {each.artifact_type for each in self._ours if each.title}
        ours = {each.digest for each in self._ours}
        candidates = [
            str(each["digest"])
            for each in listed
            if each.get("artifactType") in types and each.get("digest") not in ours
        ]
        return [digest for digest in dict.fromkeys(candidates) if self._is_replaced(digest)]

    def _is_replaced(self, digest: str) -> bool:
        content = self._repository.manifest(digest)
        manifest = json.loads(content) if content else {}
        return any(each.is_earlier_form(manifest) for each in self._ours)

    def _write_tag(self, replaced: Sequence[str]) -> None:
        listed = self._listed_by_tag()
        kept = [each for each in listed if each["digest"] not in replaced]
        added = [each.descriptor for each in self._absent_from(listed)]
        if not added and len(kept) == len(listed):
            # Where tags never change, not even the same may be written again.
            return
        try:
            content = index_of([*kept, *added]).content
            self._repository.put_manifest(self._tag, content, INDEX_MEDIA_TYPE)
        except Refused as problem:
            raise RegistryError(
                f"{self._repository.reference}: the registry does not take the tag '{self._tag}', "
                f"which lists the documents about an image ({problem.status}){problem.said}: take "
                "`sha256-*` out of its rule that tags never change, or set `attach = false`."
            ) from None


def _summary(attached: int, replaced: int, kept: Sequence[str]) -> str:
    """One line about what was done."""
    parts = []
    if attached:
        parts.append(f"{attached} document{'s' * (attached != 1)} attached")
    if replaced:
        parts.append(f"{replaced} replaced")
    if kept:
        parts.append(
            f"the registry does not let us delete what they replace: delete {' and '.join(kept)}"
        )
    return ", ".join(parts)
