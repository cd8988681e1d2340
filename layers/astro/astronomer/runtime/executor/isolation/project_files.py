"""Files of the project that the warm parent has loaded, and whether they have changed since."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Set, Tuple

_State = Optional[Tuple[int, int, int]]

# Not `data`, which is all of `/usr`.
_INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")


class ProjectFiles:
    """Plugins, configuration, and modules that do not belong to the installed packages.

    Args:
        paths: Files, and folders in which every Python file counts, loaded or not.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        # Before they are loaded: what changes meanwhile counts as changed.
        self._seen = dict(self._states({}))

    def note_loaded(self) -> None:
        """Take note of what has been loaded up to now."""
        installed = tuple({os.path.join(sysconfig.get_path(name), "") for name in _INSTALLED})
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and not path.startswith(installed):
                self._seen.setdefault(path, _state(path))

    def have_changed(self) -> bool:
        """Whether one was written, removed or added."""
        return dict(self._states(self._seen)) != self._seen

    def _states(self, others: Dict[str, _State]) -> Iterator[Tuple[str, _State]]:
        for path in {*others, *(each for path in self._paths for each in _python_files(path))}:
            yield path, _state(path)


def _python_files(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield str(path)
    seen: Set[str] = set()
    for folder, below, names in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            # A link that leads back.
            below.clear()
            continue
        seen.add(real)
        yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def _state(path: str) -> _State:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
