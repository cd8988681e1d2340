"""Undoes the patches of a release, to see Airflow as its project released it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Dict, Iterable

from wheels.sandbox.patches import Patch

FOLDER = Path("layers/airflow/backports")

_OTHER = {"+": "-", "-": "+"}


def _undoing(text: str) -> str:
    """The patch that undoes another one."""
    lines = []
    for line in text.splitlines(keepends=True):
        hunk = re.match(r"@@ -(\S+) \+(\S+) @@", line)
        if hunk:
            line = f"@@ -{hunk[2]} +{hunk[1]} @@\n"
        elif not line.startswith(("--- ", "+++ ")):
            line = _OTHER.get(line[0], line[0]) + line[1:]
        lines.append(line)
    return "".join(lines)


def without(numbers: Iterable[int], read: Callable[[str], bytes]) -> Dict[str, bytes]:
    """Files of Airflow as they are without patches, by path.

    Args:
        numbers: Of the patches, in the order in which they were applied.
        read: Gives the files with all patches.
    """
    files: Dict[str, bytes] = {}
    for number in reversed(list(numbers)):
        path = FOLDER / f"{number}.patch"
        patch = Patch(str(path), _undoing(path.read_text()).encode())
        files.update(patch.apply(lambda name: files.get(name) or read(name)))
    return files
