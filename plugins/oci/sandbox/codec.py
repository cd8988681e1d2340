"""Compressors of layer blobs: the `igzip` and `zstd` programs of the locked toolchain.

A compressed blob is one rendering of a layer, whose identity is its diffID. Both programs write the
same bytes for the same input whatever the pipe's chunking, the clock or the number of threads.
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
from pathlib import Path
from typing import BinaryIO, Dict, List

from oci.sandbox.errors import SandboxError

MEDIA_TYPES: Dict[str, str] = {
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
"""Media type of a layer blob by codec. Source: OCI image spec 1.1, media-types.md."""

_COMMANDS: Dict[str, List[str]] = {
    # -n: no name, no time in the gzip header.
    "gzip": ["igzip", "-2", "-n", "-c"],
    "zstd": ["zstd", "-3", "-T1", "-q", "-c"],
}

_CHUNK = 1 << 20


class BlobWriter:
    """A writable stream that compresses into a file and hashes both sides of the compressor.

    Args:
        path: The blob to write.
        codec: `gzip` or `zstd`.
        tools: Folder of the programs, and the environment that runs them.
    """

    def __init__(self, path: Path, codec: str, tools: Path, env: Dict[str, str]) -> None:
        program, *options = _COMMANDS[codec]
        self.media_type = MEDIA_TYPES[codec]
        self.command = " ".join([program, *options])
        self.uncompressed_size = 0
        self.size = 0
        self._diff_id = hashlib.sha256()
        self._digest = hashlib.sha256()
        self._process = subprocess.Popen(
            [str(tools / program), *options],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader_error: List[OSError] = []
        self._reader = threading.Thread(target=self._collect, args=(path,))
        self._reader.start()

    def _collect(self, path: Path) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            with path.open("wb") as blob:
                while chunk := stdout.read(_CHUNK):
                    self._digest.update(chunk)
                    self.size += len(chunk)
                    blob.write(chunk)
        except OSError as error:
            self._reader_error.append(error)
            self._process.kill()

    @property
    def _stdin(self) -> BinaryIO:
        assert self._process.stdin is not None
        return self._process.stdin  # type: ignore[return-value]

    def write(self, data: bytes) -> int:
        """Take bytes of the tar, as `tarfile` gives them."""
        self._diff_id.update(data)
        self.uncompressed_size += len(data)
        try:
            self._stdin.write(data)
        except BrokenPipeError:
            # The reason is known only once the compressor has ended: `close` tells it.
            pass
        return len(data)

    def close(self) -> None:
        """Finish the blob.

        Raises:
            SandboxError: the compressor failed.
            OSError: the blob could not be written, for example on a full disk.
        """
        try:
            self._stdin.close()
        except BrokenPipeError:
            pass
        self._reader.join()
        code = self._process.wait()
        if self._reader_error:
            raise self._reader_error[0]
        if code:
            raise SandboxError(f"The compressor `{self.command}` ended with status {code}.")

    @property
    def diff_id(self) -> str:
        """`sha256:<hex>` of what was written; final after `close`."""
        return f"sha256:{self._diff_id.hexdigest()}"

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the blob; final after `close`."""
        return f"sha256:{self._digest.hexdigest()}"
