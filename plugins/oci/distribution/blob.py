"""A blob on its way to a registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable


@dataclass(frozen=True)
class Blob:
    """A blob of an image."""

    digest: str
    """`sha256:<hex>`."""

    size: int

    path: Path
    """The file that holds it."""


class Slice:
    """A part of a blob, to be read once.

    No file object: of one that cannot be told its position, `requests` takes the size for unknown,
    and sends it line by line.

    Args:
        blob: The blob.
        start: Its first byte.
        size: How many bytes.
        sent: Called with the blob's digest and how many of its bytes have been read so far.
    """

    def __init__(self, blob: Blob, start: int, size: int, sent: Callable[[str, int], None]) -> None:
        self._file = blob.path.open("rb")
        self._file.seek(start)
        self._digest = blob.digest
        self._position = start
        self._end = start + size
        self._size = size
        self._sent = sent

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        left = self._end - self._position
        content = self._file.read(left if size < 0 else min(size, left))
        self._position += len(content)
        self._sent(self._digest, self._position)
        return content
