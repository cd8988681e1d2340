"""Tells which files below some folders have changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Tuple

_State = Tuple[int, int]


class Changes:
    """Files that are watched by their times and sizes.

    Args:
        paths: Folders, with all below, and files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._before = self._now()

    def since_last(self) -> List[str]:
        """Files that were made, edited or removed since this was asked last, sorted."""
        now = self._now()
        before, self._before = self._before, now
        return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))

    def _now(self) -> Dict[str, _State]:
        return dict(state for path in self._paths for state in _states(str(path)))


def _states(path: str) -> Iterator[Tuple[str, _State]]:
    try:
        if not os.path.isdir(path):
            status = os.stat(path)
            yield path, (status.st_mtime_ns, status.st_size)
            return
        for entry in os.scandir(path):
            # What editors and Python keep beside the sources is none.
            if not entry.name.startswith(".") and entry.name != "__pycache__":
                yield from _states(entry.path)
    except FileNotFoundError:
        # It went while this looked.
        pass
