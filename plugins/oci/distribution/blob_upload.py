"""Brings one blob into a repository, whatever happens to the connection on the way."""

from __future__ import annotations

from typing import Callable, Optional

from oci.distribution.blob import Blob, Slice
from oci.distribution.errors import DigestRefused, Refused, RegistryError, TryAgain, UploadLost
from oci.distribution.journal import Journal
from oci.distribution.repository import Repository, Upload

_OTHER_WAY = {400, 405, 411, 415, 501}
"""Of answers of registries that take no chunks, or nothing but chunks."""

_LOSSES = 3
"""How often an upload may get lost before the way in which it is sent counts as what loses it."""


class BlobUpload:
    """The upload of one blob, chunk after chunk.

    After a cut connection it goes on where the registry says that it has got to: it never sends
    what the registry confirmed, unless that drops the upload.

    Args:
        repository: Where to.
        blob: What.
        journal: Remembers the upload for the next process.
        chunk: Bytes in one request.
        sent: Called with the digest and how many bytes are on their way or there.
    """

    def __init__(
        self,
        repository: Repository,
        blob: Blob,
        journal: Journal,
        chunk: int,
        sent: Callable[[str, int], None],
    ) -> None:
        self._repository = repository
        self._blob = blob
        self._journal = journal
        self._chunk = chunk
        self._sent = sent
        self._patience = repository.client.patience(repository.name)
        self._furthest = 0
        self._begun_anew = False
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
        upload = self._known()
        if upload is None:
            if source:
                upload = self._repository.mount(self._blob.digest, source)
                if upload is None:
                    return False
            else:
                upload = self._repository.start()
        self._send(upload)
        self._journal.drop(self._repository.reference, self._blob.digest)
        return True

    def _known(self) -> Optional[Upload]:
        location = self._journal.find(self._repository.reference, self._blob.digest)
        upload = self._repository.resume(location) if location else None
        return upload if upload and upload.offset <= self._blob.size else None

    def _send(self, upload: Upload) -> None:
        state: Optional[Upload] = upload
        while state is not None:
            upload = state
            try:
                state = self._step(upload)
            except TryAgain as problem:
                self._patience.failed(problem)
                state = self._after_failure(upload, problem)
            except DigestRefused as problem:
                state = self._anew(problem)
            except Refused as problem:
                if problem.status not in _OTHER_WAY or self._tried_both:
                    raise
                state = self._the_other_way()

    def _step(self, upload: Upload) -> Optional[Upload]:
        """Send the next request; None when all is done."""
        blob, repository = self._blob, self._repository
        left = blob.size - upload.offset
        chunk = max(self._chunk, upload.min_chunk)
        if upload.offset == 0 and self._in_one:
            repository.finish(upload, blob, self._slice(0, left))
            return None
        if left == 0:
            repository.finish(upload, blob)
            return None
        # Noted before the first byte: after it, only the registry knows how far it got.
        self._journal.keep(repository.reference, blob.digest, upload.location)
        size = min(left, chunk)
        upload = repository.send_chunk(upload, self._slice(upload.offset, size), size)
        self._journal.keep(repository.reference, blob.digest, upload.location)
        self._note(upload.offset)
        if repository.client.stop.is_set():
            raise RegistryError(f"{repository.reference}: pushing was stopped.")
        return upload

    def _slice(self, start: int, size: int) -> Callable[[], Slice]:
        return lambda: Slice(self._blob, start, size, self._sent)

    def _note(self, offset: int) -> None:
        # Only what is new counts as progress: a connection that always breaks off at the same byte
        # is no reason to go on for ever.
        if offset > self._furthest:
            self._furthest = offset
            self._patience.progressed()

    def _after_failure(self, upload: Upload, problem: TryAgain) -> Optional[Upload]:
        """Where to go on; None if the blob is there, and only the answer got lost."""
        if self._repository.has_blob(self._blob):
            return None
        self._losses += isinstance(problem, UploadLost)
        if self._losses >= _LOSSES and not self._tried_both:
            return self._the_other_way()
        found = self._repository.resume(upload.location)
        if found is None or found.offset > self._blob.size:
            found = self._repository.start()
        self._note(found.offset)
        self._sent(self._blob.digest, found.offset)
        return found

    def _the_other_way(self) -> Upload:
        """Begin again, in one request in place of chunks or the other way round."""
        self._tried_both = True
        self._in_one = not self._in_one
        return self._begin_again()

    def _anew(self, problem: DigestRefused) -> Upload:
        """Begin again, once: after a cut, an upload can hold bytes twice that were under way."""
        if self._begun_anew:
            raise RegistryError(
                f"{problem}: what arrived is not the blob {self._blob.digest}. Something between "
                "here and the registry changes it."
            )
        self._begun_anew = True
        return self._begin_again()

    def _begin_again(self) -> Upload:
        self._journal.drop(self._repository.reference, self._blob.digest)
        self._sent(self._blob.digest, 0)
        return self._repository.start()
