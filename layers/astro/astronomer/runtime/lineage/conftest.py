"""The processes that send what waits in a spool."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Iterator, List

import pytest


def senders(folder: Path) -> List[int]:
    """Process ids of the senders of a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            # It has ended meanwhile.
            continue
        if b"astronomer.runtime.lineage.sender" in words and str(folder).encode() in words:
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A spool, whose senders end with the test."""
    made = tmp_path / "spool"
    yield made
    for process in senders(made):
        os.kill(process, signal.SIGKILL)
