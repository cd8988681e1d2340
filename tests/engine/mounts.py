"""What is mounted where, read from the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List

_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


@dataclass(frozen=True)
class Mount:
    """One line of `/proc/self/mountinfo`. Source: proc(5)."""

    point: Path
    """Where it is mounted."""

    filesystem: str
    """The file system's type, such as `ext4`, `overlay` or `tmpfs`."""


def mounts() -> List[Mount]:
    """All mounts of this process's namespace, in the order in which they were made."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        found.append(Mount(Path(_unescaped(left.split()[4])), right.split()[0]))
    return found


def filesystem_of(path: Path) -> str:
    """Type of the file system that holds `path`, which must exist."""
    resolved = path.resolve()
    holders = [m for m in mounts() if m.point == resolved or m.point in resolved.parents]
    # The longest mount point holds it; of several on one point, the latest hides the others.
    return max(enumerate(holders), key=lambda pair: (len(pair[1].point.parts), pair[0]))[
        1
    ].filesystem


def mounted_below(folder: Path) -> List[Path]:
    """Mount points at and below `folder`, innermost first: the order in which to unmount."""
    below = [m.point for m in mounts() if m.point == folder or folder in m.point.parents]
    return sorted(below, key=lambda point: len(point.parts), reverse=True)


def _unescaped(field: str) -> str:
    for escape, character in _ESCAPES.items():
        field = field.replace(escape, character)
    return field
