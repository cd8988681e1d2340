"""Pushes an image: what is missing of its blobs, the documents about it, and the tag last."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any, Callable, Dict, List, Sequence, Set

from oci.distribution.attaching import Attaching
from oci.distribution.blob import Blob
from oci.distribution.blob_upload import BlobUpload
from oci.distribution.errors import Refused, RegistryError
from oci.distribution.progress import Progress
from oci.distribution.push_request import PushRequest
from oci.distribution.repository import Repository
from oci.format.layout import Layout
from oci.sandbox.sizes import human_size

UPLOADS = 4
"""Blobs that are under way at the same time."""

_TICK_SECONDS = 0.2


class Push:
    """The push of one image.

    Args:
        repository: Where to.
        layout: The image.
        request: What else.
        progress: Shows how far it is.
    """

    def __init__(
        self,
        repository: Repository,
        layout: Layout,
        request: PushRequest,
        progress: Progress,
    ) -> None:
        self._repository = repository
        self._layout = layout
        self._request = request
        self._progress = progress
        self._digest = layout.manifest_digest
        self._documents = Attaching(repository, layout) if request.attach else None

    def run(self) -> None:
        """Make the tag point at the image, and attach the documents about it.

        Raises:
            RegistryError: It cannot; what has arrived so far is not sent again.
        """
        started = time.monotonic()
        is_tagged = self._tagged()
        missing = self._documents.missing() if self._documents else []
        manifests = [] if is_tagged else [self._layout.manifest]
        bytes_sent = self._send([*manifests, *(each.data for each in missing)])
        if missing and not is_tagged:
            # Not all registries take documents about what they do not have.
            self._put_image(self._digest)
        attached = self._documents.attach(missing) if self._documents else ""
        if is_tagged:
            self._progress.say(", ".join(filter(None, ("it is there already", attached))))
            return
        # Somebody else may have pushed it in the meantime.
        if not self._tagged():
            self._put_image(self._request.tag)
        seconds = time.monotonic() - started
        sent = f"{human_size(bytes_sent)} sent in {seconds:.1f} s"
        self._progress.say(", ".join(filter(None, (self._digest, attached, sent))))

    def _put_image(self, reference: str) -> None:
        content = self._layout.blob(self._digest).read_bytes()
        self._repository.put_manifest(reference, content, self._layout.manifest["mediaType"])

    def _send(self, manifests: Sequence[Dict[str, Any]]) -> int:
        """Get all blobs of manifests into the repository; how many bytes had to be sent."""
        blobs = {blob.digest: blob for blob in self._blobs(manifests)}
        if not blobs:
            return 0
        with ThreadPoolExecutor(UPLOADS) as pool:
            found = self._run_all(pool, self._repository.has_blob, list(blobs.values()))
            missing = [blob for blob in blobs.values() if not found[blob.digest]]
            total = sum(blob.size for blob in missing)
            self._progress.start(
                f"{len(blobs) - len(missing)} of {len(blobs)} blobs are there", total
            )
            sent = self._run_all(pool, self._upload_or_mount, missing)
        return sum(blobs[digest].size for digest, was_sent in sent.items() if was_sent)

    def _tagged(self) -> bool:
        """Whether the tag points at our image.

        Raises:
            RegistryError: It points at another, and must not be moved.
        """
        try:
            existing = self._repository.manifest_digest(self._request.tag)
        except Refused as problem:
            if problem.status == 401:
                raise
            if self._request.force:
                return False
            raise RegistryError(
                f"{self._repository.reference}:{self._request.tag}: the registry does not say what "
                f"the tag points at ({problem.status}){problem.said}: use an account that may read "
                "there, or add `--oci-publish-force` to let the tag point at this image anyway."
            ) from None
        if existing is None or existing == self._digest:
            return existing is not None
        if self._request.force:
            return False
        raise RegistryError(
            f"{self._repository.reference}:{self._request.tag}: the tag is there and points at "
            f"{existing}, where this image is {self._digest}. A published release does not "
            "change: give the image another version, or add `--oci-publish-force`."
        )

    def _blobs(self, manifests: Sequence[Dict[str, Any]]) -> List[Blob]:
        """Each blob once, the largest first, so that it does not come alone at the end."""
        blobs = {
            item["digest"]: Blob(item["digest"], item["size"], self._layout.blob(item["digest"]))
            for manifest in manifests
            for item in (manifest["config"], *manifest["layers"])
        }
        return sorted(blobs.values(), key=lambda blob: (-blob.size, blob.digest))

    def _upload_or_mount(self, blob: Blob) -> bool:
        """Get a blob into the repository; whether its bytes had to be sent."""
        names = (name for name in self._request.mount_from if self._is_in(name, blob))
        upload = BlobUpload(self._repository, blob, self._request.chunk, self._progress.sent)
        was_sent = upload.run(next(names, None))
        self._progress.sent(blob.digest, blob.size)
        return was_sent

    def _is_in(self, name: str, blob: Blob) -> bool:
        try:
            return Repository(self._repository.client, name, "pull").has_blob(blob)
        except RegistryError:
            # It is not ours to read: then its blobs are sent.
            return False

    def _run_all(
        self, pool: ThreadPoolExecutor, work: Callable[[Blob], bool], blobs: Sequence[Blob]
    ) -> Dict[str, bool]:
        """The result of `work` for the digest of each blob; the first failure ends the others."""
        futures = {pool.submit(work, blob): blob.digest for blob in blobs}
        pending: Set[Future[bool]] = set(futures)
        try:
            while pending:
                done, pending = wait(pending, _TICK_SECONDS, FIRST_EXCEPTION)
                self._progress.show()
                for future in done:
                    future.result()
        except BaseException:
            # The others end with the request that they are sending.
            self._repository.client.stop.set()
            for future in pending:
                future.cancel()
            raise
        return {digest: future.result() for future, digest in futures.items()}
