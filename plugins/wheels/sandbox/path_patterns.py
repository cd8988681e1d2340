"""Sets of paths, by shell patterns."""

from __future__ import annotations

import fnmatch
import re
from typing import Iterable


class PathPatterns:
    """Patterns such as `tests/*`, whose `*` also matches slashes."""

    def __init__(self, patterns: Iterable[str]) -> None:
        alternatives = [fnmatch.translate(pattern) for pattern in patterns]
        # No alternative: what matches nothing at all.
        self._regex = re.compile("|".join(alternatives) if alternatives else r"(?!)")

    def match(self, path: str) -> bool:
        """Whether a pattern matches the whole path."""
        return self._regex.match(path) is not None
