"""The error of what reads OCI's forms."""

from __future__ import annotations


class FormatError(Exception):
    """Something is not in the form that it must have. The message is one sentence: what, where."""
