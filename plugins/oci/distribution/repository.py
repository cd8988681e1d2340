"""One repository of a registry: its manifests, tags and lists, and which blobs it has.

Source: OCI distribution spec 1.1, "Pushing manifests" and "Content Discovery".
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Iterator, List, Optional
from urllib.parse import urljoin

import requests
from oci.distribution.blob import Blob
from oci.distribution.client import RegistryClient
from oci.distribution.errors import DigestRefused, Refused, RegistryError, UploadLost
from oci.format.image import DOCKER_MANIFEST_MEDIA_TYPE, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE

_MANIFEST_TYPES = ", ".join(
    (
        MANIFEST_MEDIA_TYPE,
        INDEX_MEDIA_TYPE,
        DOCKER_MANIFEST_MEDIA_TYPE,
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)


# Source: OCI image spec 1.1, descriptor.md, "Digests".
_DIGEST = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,200}")

_PAGES = 100
"""Of a list, at most: a registry may go on for ever."""


class Repository:
    """A repository.

    Args:
        client: Its registry.
        name: Its name there, such as `astronomer/astro-runtime`.
        actions: What we are going to do there.
    """

    def __init__(self, client: RegistryClient, name: str, actions: str = "pull,push") -> None:
        self.client = client
        self.name = name
        self.scopes = (f"repository:{name}:{actions}",)
        """What requests to it need."""

    @property
    def reference(self) -> str:
        """`registry.example.com/astronomer/astro-runtime`."""
        return f"{self.client.address.name}/{self.name}"

    def manifest_digest(self, reference: str) -> Optional[str]:
        """The digest of what a tag or digest stands for, or None where there is nothing.

        Raises:
            Refused: The registry does not say.
        """
        headers = {"Accept": _MANIFEST_TYPES}
        try:
            response = self.ask("HEAD", f"manifests/{reference}", headers=headers)
        except Refused as problem:
            if problem.status == 401:
                raise
            # Some registries do not know HEAD, or allow it for what is there alone.
            return self._digest_of(self.manifest(reference))
        if response.status_code == 404:
            return None
        digest = self._digest(response.headers.get("Docker-Content-Digest"), reference)
        if digest and digest.startswith("sha256:"):
            return digest
        return self._digest_of(self.manifest(reference))

    @staticmethod
    def _digest_of(content: Optional[bytes]) -> Optional[str]:
        return None if content is None else "sha256:" + hashlib.sha256(content).hexdigest()

    def _digest(self, text: Optional[str], tag: str) -> Optional[str]:
        if text and not _DIGEST.fullmatch(text):
            raise RegistryError(
                f"{self.reference}:{tag}: the registry calls the manifest {text!r:.80}, which is "
                "not a digest: mend the registry."
            )
        return text or None

    def manifest(self, reference: str) -> Optional[bytes]:
        """What a tag or digest stands for, or None where there is nothing.

        Raises:
            Refused: The registry does not say.
        """
        headers = {"Accept": _MANIFEST_TYPES}
        try:
            response = self.ask("GET", f"manifests/{reference}", headers=headers)
        except Refused as problem:
            if problem.status == 401 or self._lacks_tag(reference) is not True:
                raise
            return None
        if response.status_code != 200:
            return None
        if _json_object(response) is None:
            raise RegistryError(
                f"{self.reference}:{reference}: what the registry's address answers with is not "
                "a manifest: correct `address`."
            )
        return response.content

    def _lacks_tag(self, tag: str) -> Optional[bool]:
        """Whether the list of tags is without this one; None where there is no such list."""
        try:
            for page in self._pages("tags/list?n=1000"):
                tags = page.get("tags") or []
                if not isinstance(tags, list):
                    return None
                if tag in tags:
                    return False
        except _NoList as problem:
            return True if problem.nothing_there else None
        return True

    def put_manifest(
        self, tag: str, content: bytes, media_type: str, subject: Optional[str] = None
    ) -> bool:
        """Let a tag point at a manifest, all of whose blobs must be there.

        Args:
            tag: The tag, or the digest of a manifest that gets no tag.
            content: The manifest.
            media_type: Its media type.
            subject: The digest of what it is about, if it is about another manifest.

        Returns:
            Whether the registry says that it lists the manifest as a referrer of its subject.

        Raises:
            RegistryError: The registry refuses it, or says that it is another.
        """
        response = self.ask(
            "PUT",
            f"manifests/{tag}",
            headers={"Content-Type": media_type},
            body=lambda: content,
        )
        ours = self._digest_of(content)
        theirs = self._digest(response.headers.get("Docker-Content-Digest"), tag)
        # By another algorithm it may be the same manifest.
        if theirs and theirs.startswith("sha256:") and theirs != ours:
            raise RegistryError(
                f"{self.reference}:{tag}: the registry stored the digest {theirs} for the manifest "
                f"{ours}: it changes what it is given."
            )
        return subject is not None and response.headers.get("OCI-Subject") == subject

    def delete_manifest(self, digest: str) -> bool:
        """Remove a manifest; whether the registry does so."""
        scope = f"repository:{self.name}:delete"
        try:
            return self.ask("DELETE", f"manifests/{digest}", scope).status_code < 300
        except RegistryError:
            # It may not be allowed, or not be known.
            return False

    def referrers(self, digest: str) -> Optional[List[Dict[str, Any]]]:
        """What the registry lists as attached to a manifest; None where it has no such list.

        Source: OCI distribution spec 1.1, "Listing Referrers".
        """
        found: List[Dict[str, Any]] = []
        try:
            for page in self._pages(f"referrers/{digest}"):
                if "manifests" not in page:
                    return None
                manifests = page["manifests"] or []
                if not isinstance(manifests, list):
                    return None
                found += [each for each in manifests if isinstance(each, dict)]
        except _NoList:
            return None
        return found

    def _pages(self, rest: str) -> Iterator[Dict[str, Any]]:
        """The pages of a list.

        Raises:
            _NoList: There is none, or not all of it can be had.
        """
        url = self.client.address.base_url + self._path(rest)
        read: List[str] = []
        while url not in read and len(read) < _PAGES:
            read.append(url)
            try:
                response = self.client.request("GET", url, self.name, self.scopes)
            except (DigestRefused, RegistryError, UploadLost):
                break
            page = _json_object(response) if response.status_code == 200 else None
            if page is None:
                raise _NoList(nothing_there=response.status_code == 404)
            yield page
            further = response.links.get("next", {}).get("url", "")
            if not further:
                return
            try:
                here = self.client.address.localized(urljoin(response.url, further))
            except ValueError:
                here = None
            if here is None:
                break
            url = here
        raise _NoList(nothing_there=False)

    def has_blob(self, blob: Blob) -> bool:
        """Whether the repository has a blob, as far as the registry tells."""
        try:
            # Compressed on the way, it would have another size.
            headers = {"Accept-Encoding": "identity"}
            response = self.ask("HEAD", f"blobs/{blob.digest}", headers=headers)
        except Refused:
            return self._gives_blob(blob)
        return response.status_code == 200 and _size_fits(response, blob.size)

    def _gives_blob(self, blob: Blob) -> bool:
        """Whether a blob can be read; its first byte says so.

        Registries may send us to a storage by an address that is good for reading alone.
        """
        headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
        try:
            response = self.ask("GET", f"blobs/{blob.digest}", headers=headers, stream=True)
        except RegistryError:
            return False
        with response:
            if response.status_code == 206:
                total = response.headers.get("Content-Range", "").rpartition("/")[2]
                return not total.isdecimal() or int(total) == blob.size
            return response.status_code == 200 and _size_fits(response, blob.size)

    def _path(self, rest: str) -> str:
        return f"/v2/{self.name}/{rest}"

    def ask(self, method: str, rest: str, *scopes: str, **more: Any) -> requests.Response:
        """Send a request that is about no upload.

        Args:
            method: Of HTTP.
            rest: Of the path.
            scopes: What it needs besides.
            more: See `RegistryClient.send`.
        """
        try:
            response: requests.Response = self.client.request(
                method, self._path(rest), self.name, (*self.scopes, *scopes), **more
            )
        except DigestRefused as problem:
            raise RegistryError(f"{problem}.") from None
        except UploadLost as problem:
            raise RegistryError(
                f"{self.reference}: {problem}, and it was asked about none: mend the registry."
            ) from None
        return response


class _NoList(Exception):
    """A registry does not give a list.

    Args:
        nothing_there: Whether it says that there is nothing that could be listed.
    """

    def __init__(self, nothing_there: bool) -> None:
        super().__init__()
        self.nothing_there = nothing_there


def _json_object(response: requests.Response) -> Optional[Dict[str, Any]]:
    try:
        content = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _size_fits(response: requests.Response, size: int) -> bool:
    """Whether an answer's length, if it has one, is that of a blob."""
    if "Content-Encoding" in response.headers:
        return True
    length = response.headers.get("Content-Length", "")
    return not length.isdecimal() or int(length) == size
