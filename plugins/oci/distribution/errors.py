"""Errors of the registry client."""

from __future__ import annotations

from typing import AbstractSet

from oci.sandbox.errors import SandboxError


class RegistryError(SandboxError):
    """A registry cannot be used. The message is one sentence: which, what is wrong, the fix."""


class Refused(RegistryError):
    """The registry does not do what one request asks for. There may be another way to ask.

    Args:
        message: One sentence.
        status: Of the answer.
        codes: Those of the error codes of the OCI distribution spec that the answer holds.
        said: What the registry says of it, in parentheses, or nothing.
    """

    def __init__(self, message: str, status: int, codes: AbstractSet[str], said: str) -> None:
        super().__init__(message)
        self.status = status
        self.codes = codes
        self.said = said


class TryAgain(Exception):
    """Something that may be over in a moment. The message completes "the push failed: ..."."""

    def __init__(self, problem: str, seconds: float = 0) -> None:
        super().__init__(problem)
        self.seconds = seconds
        """How long the registry asks to wait, at least."""


class Busy(TryAgain):
    """The registry answers that it does not do what is asked at this moment."""


class UploadLost(TryAgain):
    """The registry does not know an upload any more, or not in the state that we know."""


class DigestRefused(Exception):
    """The registry says that the bytes it has are not those of the digest."""
