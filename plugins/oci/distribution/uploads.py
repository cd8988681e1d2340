"""Uploads of blobs: the requests that one is made of.

Source: OCI distribution spec 1.1, "Pushing blobs".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, Optional
from urllib.parse import quote

import requests
from oci.distribution.blob import Blob
from oci.distribution.errors import Busy, Refused, RegistryError, TryAgain, UploadLost
from oci.distribution.repository import Repository

_GONE = (404, 410)


@dataclass(frozen=True)
class Upload:
    """An upload that the registry has opened."""

    location: str
    """Where the next bytes go. It changes with every request."""

    offset: int
    """How many bytes the registry has."""

    min_chunk: int = 0
    """How small a chunk may be that is not the last one."""


class Uploads:
    """What can be done with uploads to a repository.

    Args:
        repository: The repository.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._client = repository.client

    def start(self) -> Upload:
        """Open an upload."""
        return self._opened(self._repository.ask("POST", "blobs/uploads/"))

    def mount(self, digest: str, source: str) -> Optional[Upload]:
        """Take a blob over from another repository of this registry.

        Returns:
            None if that is done, or the upload that is to be used instead.
        """
        try:
            response = self._repository.ask(
                "POST",
                f"blobs/uploads/?mount={quote(digest)}&from={quote(source)}",
                f"repository:{source}:pull",
            )
        except RegistryError:
            # It may be that we cannot read the other one, or that nobody can do this.
            return self.start()
        if response.status_code == 201:
            return None
        return self._opened(response) if "Location" in response.headers else self.start()

    def send_chunk(self, upload: Upload, body: Callable[[], Any], size: int) -> Upload:
        """Send the next bytes of an upload.

        Raises:
            TryAgain: The registry may have got some of them.
            Refused: It takes no parts.
        """
        end = upload.offset + size
        response = self._send(
            "PATCH",
            upload.location,
            body=body,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{upload.offset}-{end - 1}",
            },
        )
        # Some tell how many bytes they have, in place of which is the last.
        if _last_byte(response) not in (None, end - 1, end):
            raise TryAgain("the registry did not take a whole chunk")
        smallest = _smallest_chunk(response) or upload.min_chunk
        return Upload(self._next(response, upload.location), end, smallest)

    def finish(self, upload: Upload, blob: Blob, body: Optional[Callable[[], Any]] = None) -> None:
        """Send the last bytes, if any are missing, and have the registry check the whole blob.

        Raises:
            DigestRefused: The registry got other bytes.
            TryAgain: It may be done or not.
            Refused: It does not take it so.
        """
        separator = "&" if "?" in upload.location else "?"
        response = self._send(
            "PUT",
            f"{upload.location}{separator}digest={quote(blob.digest)}",
            body=body,
            headers={"Content-Type": "application/octet-stream"},
        )
        # Any other answer says that it was taken, not that it is there.
        if response.status_code != 201 and not self._repository.has_blob(blob):
            raise TryAgain("the registry did not take a whole blob")

    def _send(self, method: str, location: str, **more: Any) -> requests.Response:
        """Send something that belongs to an upload; again only where it was not even taken."""
        patience = self._client.patience(self._repository.name)
        while True:
            try:
                return self._client.send(
                    method, location, self._repository.name, self._repository.scopes, **more
                )
            except Busy as problem:
                patience.failed(problem)
            except Refused as problem:
                if problem.status in _GONE:
                    raise UploadLost("the registry knows an upload no more") from None
                raise

    def _next(self, response: requests.Response, location: str) -> str:
        """Where an upload goes on: where it was, if the answer does not say."""
        if "Location" not in response.headers:
            return location
        return self._client.location(response, self._repository.name)

    def _opened(self, response: requests.Response) -> Upload:
        location = self._client.location(response, self._repository.name)
        return Upload(location, 0, _smallest_chunk(response))


def _smallest_chunk(response: requests.Response) -> int:
    smallest = response.headers.get("OCI-Chunk-Min-Length", "")
    return int(smallest) if smallest.isdecimal() else 0


def _last_byte(response: requests.Response) -> Optional[int]:
    """Which byte of an upload, from 0, an answer's `Range` says that the registry has got to."""
    match = re.fullmatch(r"(?:bytes[= ])?0-(\d{1,18})", response.headers.get("Range", "").strip())
    return int(match[1]) if match else None
