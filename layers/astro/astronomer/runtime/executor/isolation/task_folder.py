"""The temporary folder that a task has to itself."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from typing import Any, Callable


def make(folder: str) -> bool:
    """Make it; returns whether it could be. On a full disk a task that needs none still runs."""
    try:
        os.mkdir(folder, 0o700)
    except OSError:
        return False
    return True


def use(folder: str) -> None:
    """Have this process, and what it starts, put temporary files there."""
    os.environ["TMPDIR"] = folder
    # What was found out before.
    tempfile.tempdir = None


def remove(folder: str) -> None:
    """Remove it with all that is in it, as far as that is allowed."""
    shutil.rmtree(folder, onerror=_open_and_remove)


def _open_and_remove(remove: Callable[..., Any], path: str, _: Any) -> None:
    """Once more, after the folder around it was made writable: a task may have forbidden itself."""
    for each in (os.path.dirname(path), path):
        try:
            if stat.S_ISDIR(os.lstat(each).st_mode):
                os.chmod(each, 0o700)
        except OSError:
            pass
    try:
        if remove in (os.open, os.scandir, os.listdir, os.lstat):
            shutil.rmtree(path, ignore_errors=True)
        else:
            remove(path)
    except OSError:
        pass
