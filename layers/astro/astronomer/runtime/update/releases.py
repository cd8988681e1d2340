"""Reads the list of releases.

A JSON object: `{"runtimeVersions": {"5.0.7": {"metadata": {"channel": "stable"}}, ...}}`.
"""

from __future__ import annotations

import json
import re
from typing import Optional, Tuple

_Release = Tuple[int, int, int]


def newest_patch(document: bytes, running: str) -> Optional[str]:
    """The newest stable release with the running one's major and minor number, if it is newer.

    Raises:
        ValueError: The document is not a list of releases.
    """
    current = _parse(running)
    try:
        releases = json.loads(document)["runtimeVersions"]
        stable = [
            name
            for name, about in releases.items()
            if about.get("metadata", {}).get("channel", "stable") == "stable"
        ]
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is not a list of releases: {error!r}") from None
    if not current:
        return None
    candidates = [release for release in map(_parse, stable) if release]
    newer = [each for each in candidates if each[:2] == current[:2] and each > current]
    return ".".join(map(str, max(newer))) if newer else None


def _parse(text: str) -> Optional[_Release]:
    # Few digits: a feed cannot make a page long, or a comparison slow.
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", text, flags=re.ASCII)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
