"""One repository of a registry: the requests that a push is made of.

Source: OCI distribution spec 1.1, "Pushing blobs" and "Pushing manifests".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Callable, Optional
from urllib.parse import quote

import requests
from oci.distribution.client import RegistryClient
from oci.distribution.errors import DigestRefused, RegistryError, TryAgain, UploadLost

_MANIFEST_TYPES = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)


# Source: OCI image spec 1.1, descriptor.md, "Digests".
_DIGEST = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,200}")


@dataclass(frozen=True)
class Upload:
    """An upload that the registry has opened."""

    location: str
    """Where the next bytes go. It changes with every request."""

    offset: int
    """How many bytes the registry has."""

    min_chunk: int = 0
    """How small a chunk may be that is not the last one."""


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
        self._scopes = (f"repository:{name}:{actions}",)

    @property
    def reference(self) -> str:
        """`registry.example.com/astronomer/astro-runtime`."""
        return f"{self.client.address.name}/{self.name}"

    def manifest_digest(self, tag: str) -> Optional[str]:
        """The digest that a tag points at, or None where there is no such tag."""
        headers = {"Accept": _MANIFEST_TYPES}
        response = self._ask("HEAD", f"manifests/{tag}", headers=headers)
        if response.status_code == 404:
            return None
        digest = response.headers.get("Docker-Content-Digest")
        if not digest:
            content = self.manifest(tag)
            return "sha256:" + hashlib.sha256(content).hexdigest() if content else None
        return self._digest(digest, tag)

    def _digest(self, text: str, tag: str) -> str:
        if not _DIGEST.fullmatch(text):
            raise RegistryError(
                f"{self.reference}:{tag}: the registry calls the manifest {text!r:.80}, which is "
                "no digest: mend the registry."
            )
        return text

    def manifest(self, reference: str) -> Optional[bytes]:
        """What a tag or digest stands for, or None where there is nothing."""
        headers = {"Accept": _MANIFEST_TYPES}
        response = self._ask("GET", f"manifests/{reference}", headers=headers)
        return response.content if response.status_code == 200 else None

    def put_manifest(self, tag: str, content: bytes, media_type: str) -> bool:
        """Let a tag point at a manifest, all of whose blobs must be there.

        Args:
            tag: The tag, or the digest of a manifest that gets no tag.
            content: The manifest.
            media_type: Its media type.

        Returns:
            Whether the registry lists the manifest, if it has a subject, as a referrer of that.

        Raises:
            RegistryError: The registry refuses it, or says that it is another.
        """
        response = self._ask(
            "PUT",
            f"manifests/{tag}",
            headers={"Content-Type": media_type},
            body=lambda: content,
        )
        ours = "sha256:" + hashlib.sha256(content).hexdigest()
        theirs = self._digest(response.headers.get("Docker-Content-Digest", ours), tag)
        if theirs != ours:
            raise RegistryError(
                f"{self.reference}:{tag}: the registry stored the digest {theirs} for the manifest "
                f"{ours}: it changes what it is given."
            )
        return "OCI-Subject" in response.headers

    def has_blob(self, digest: str) -> bool:
        """Whether the repository has a blob."""
        return self._ask("HEAD", f"blobs/{digest}").status_code == 200

    def start(self) -> Upload:
        """Open an upload."""
        return self._opened(self._ask("POST", "blobs/uploads/"))

    def mount(self, digest: str, source: str) -> Optional[Upload]:
        """Take a blob over from another repository of this registry.

        Returns:
            None if that is done, or the upload that the registry opened instead.
        """
        response = self._ask(
            "POST",
            f"blobs/uploads/?mount={quote(digest)}&from={quote(source)}",
            f"repository:{source}:pull",
        )
        return None if response.status_code == 201 else self._opened(response)

    def resume(self, location: str) -> Optional[Upload]:
        """What the registry has of an upload, or None if it knows it no more."""
        try:
            response = self.client.request("GET", location, self.name, self._scopes)
        except (DigestRefused, RegistryError, UploadLost):
            # Of an upload of another day, any complaint means the same.
            return None
        if response.status_code not in (202, 204):
            return None
        return Upload(self.client.location(response, self.name), _received(response) or 0)

    def send_chunk(self, upload: Upload, body: Callable[[], Any], size: int) -> Upload:
        """Send the next bytes of an upload, once.

        Raises:
            TryAgain: The registry may have got some of them.
        """
        end = upload.offset + size
        response = self.client.send(
            "PATCH",
            upload.location,
            self.name,
            self._scopes,
            body=body,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{upload.offset}-{end - 1}",
            },
        )
        if _received(response) not in (None, end):
            raise TryAgain("the registry did not take a whole chunk")
        return Upload(self.client.location(response, self.name), end, upload.min_chunk)

    def finish(self, upload: Upload, digest: str, body: Optional[Callable[[], Any]] = None) -> None:
        """Send the last bytes, if any are missing, and have the registry check the whole blob.

        Raises:
            DigestRefused: The registry got other bytes.
            TryAgain: It may be done or not.
        """
        separator = "&" if "?" in upload.location else "?"
        self.client.send(
            "PUT",
            f"{upload.location}{separator}digest={quote(digest)}",
            self.name,
            self._scopes,
            body=body,
            headers={"Content-Type": "application/octet-stream"},
        )

    def _path(self, rest: str) -> str:
        return f"/v2/{self.name}/{rest}"

    def _ask(self, method: str, rest: str, *scopes: str, **more: Any) -> requests.Response:
        """Send a request that is about no upload.

        Args:
            method: Of HTTP.
            rest: Of the path.
            scopes: What it needs besides.
            more: See `RegistryClient.send`.
        """
        try:
            response: requests.Response = self.client.request(
                method, self._path(rest), self.name, (*self._scopes, *scopes), **more
            )
        except DigestRefused as problem:
            raise RegistryError(f"{problem}.") from None
        except UploadLost as problem:
            raise RegistryError(
                f"{self.reference}: {problem}, and it was asked about none: mend the registry."
            ) from None
        return response

    def _opened(self, response: requests.Response) -> Upload:
        smallest = response.headers.get("OCI-Chunk-Min-Length", "")
        return Upload(
            self.client.location(response, self.name),
            0,
            int(smallest) if smallest.isdecimal() else 0,
        )


def _received(response: requests.Response) -> Optional[int]:
    """How many bytes of an upload an answer's `Range` says that the registry has."""
    match = re.fullmatch(r"(?:bytes=)?0-(\d+)", response.headers.get("Range", ""))
    if not match:
        return None
    # Of nothing, registries say `0-0` too.
    return int(match[1]) + 1 if int(match[1]) else 0
