"""Sizes for people."""

from __future__ import annotations


def human_size(size: int) -> str:
    """A number of bytes in decimal units: `278.1 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
