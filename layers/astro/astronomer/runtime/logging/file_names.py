"""Names of files that are made of what others chose: ids, hosts."""

from __future__ import annotations

import hashlib
from typing import Optional

LONGEST = 255
"""Bytes that the file systems of Linux allow a name."""


def fitting(name: str, size: int = LONGEST, identity: Optional[str] = None) -> str:
    """A name of at most `size` bytes.

    Args:
        name: Taken as it is where it fits; else it is cut, and ends in a hash.
        size: Bytes.
        identity: What the name was made of. A name that is not the same ends in its hash, so that
            no two have one name.
    """
    identity = name if identity is None else identity
    content = name.encode()
    if name == identity and len(content) <= size:
        return name
    end = f"~{hashlib.sha256(identity.encode(errors='surrogatepass')).hexdigest()[:16]}"
    # Without the half of a character.
    return content[: size - len(end)].decode(errors="ignore") + end
