"""Brings one blob into a repository, whatever happens to the connection on the way."""

from __future__ import annotations

from typing import Callable, Optional

from oci.distribution.blob import Blob, Slice
from oci.distribution.errors import DigestRefused, Refused, RegistryError, TryAgain, UploadLost
from oci.distribution.repository import Repository
from oci.distribution.uploads import Upload, Uploads

_OTHER_WAY = {400, 405, 411, 415, 501}
"""Of answers of registries that take no chunks, or nothing but chunks."""

_LOSSES = 3
"""How often an upload may get lost before the way in which it is sent counts as what loses it."""


class BlobUpload:
    """The upload of one blob, in one request or chunk after chunk.

    After a cut connection the blob begins again, unless only the answer got lost.

    Args:
        repository: Where to.
        blob: What.
        chunk: Bytes in one request.
        sent: Called with the digest and how many bytes are on their way or there.
    """

    def __init__(
        self, repository: Repository, blob: Blob, chunk: int, sent: Callable[[str, int], None]
    ) -> None:
        self._repository = repository
        self._uploads = Uploads(repository)
        self._blob = blob
        self._chunk = chunk
        self._sent = sent
        self._patience = repository.client.patience(repository.name)
        self._was_changed = False
        self._losses = 0
        self._in_one = blob.size <= chunk
        self._tried_both = False

    def run(self, source: Optional[str] = None) -> bool:
        """Upload the blob.

        Args:
            source: Another repository that has it, for the registry to take it from.

        Returns:
            Whether bytes were sent.

        Raises:
            RegistryError: It cannot be done.
        """
        if source:
            upload = self._uploads.mount(self._blob.digest, source)
        else:
            upload = self._uploads.start()
        if upload is None:
            return False
        while not self._is_sent(upload):
            self._sent(self._blob.digest, 0)
            upload = self._uploads.start()
        return True

    def _is_sent(self, upload: Upload) -> bool:
        """Send the blob; whether it is there, or must begin again.

        Raises:
            RegistryError: It cannot be done.
        """
        try:
            self._send(upload)
            return True
        except TryAgain as problem:
            self._patience.failed(problem)
            if self._repository.has_blob(self._blob):
                # Only the answer got lost.
                return True
            self._losses += isinstance(problem, UploadLost)
            if self._losses >= _LOSSES and not self._tried_both:
                self._try_the_other_way()
        except DigestRefused as problem:
            # Once: after a cut, an upload can hold bytes twice that were under way.
            if self._was_changed:
                raise RegistryError(
                    f"{problem}: what arrived is not the blob {self._blob.digest}. Something "
                    "between here and the registry changes it."
                ) from None
            self._was_changed = True
        except Refused as problem:
            if problem.status not in _OTHER_WAY or self._tried_both:
                raise
            self._try_the_other_way()
        return False

    def _send(self, upload: Upload) -> None:
        blob, uploads = self._blob, self._uploads
        if self._in_one:
            uploads.finish(upload, blob, self._slice(0, blob.size))
            return
        while upload.offset < blob.size:
            size = min(blob.size - upload.offset, max(self._chunk, upload.min_chunk))
            upload = uploads.send_chunk(upload, self._slice(upload.offset, size), size)
            if self._repository.client.stop.is_set():
                raise RegistryError(f"{self._repository.reference}: pushing was stopped.")
        uploads.finish(upload, blob)

    def _slice(self, start: int, size: int) -> Callable[[], Slice]:
        return lambda: Slice(self._blob, start, size, self._sent)

    def _try_the_other_way(self) -> None:
        """In one request in place of chunks, or the other way round."""
        self._tried_both = True
        self._in_one = not self._in_one
