"""A folder of events that wait to be sent, written by tasks and emptied by the sender.

An event is one file. Its name starts with the time, so that names sort as the events came, and it
appears whole or not at all.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from pathlib import Path
from typing import List, Optional

MOST_EVENTS = 10_000
"""When so many wait, the sink has been down for long, and new events are lost."""

_EVENT = re.compile(r"\d{20}-[0-9a-f]{32}\.json")
_PART = ".part"

_PART_SECONDS = 3600.0
"""What is written for so long is of a process that died."""


class Spool:
    """The folder, which is made on first use. What is not an event in it is left alone."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched yet."""
        self.folder = folder
        self.log = folder / "sender.log"
        """What the sender says, for people to read."""
        self._problem = folder / "problem"

    def put(self, event: bytes) -> bool:
        """Add an event; False where too many wait already.

        Raises:
            OSError: The folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        if len(self.waiting()) >= MOST_EVENTS:
            return False
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.json"
        self._write(self.folder / name, event)
        return True

    def waiting(self) -> List[Path]:
        """The files of the events that wait, oldest first."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [self.folder / name for name in sorted(names) if _EVENT.fullmatch(name)]

    def problem(self) -> Optional[str]:
        """Why events wait, in one sentence; None where they do not, or nobody knows."""
        try:
            return self._problem.read_text().strip() or None
        except OSError:
            return None

    def note_problem(self, sentence: Optional[str]) -> None:
        """Say why events wait, for tasks to tell; None once they do not."""
        try:
            if sentence:
                self._write(self._problem, sentence.encode())
            else:
                self._problem.unlink()
        except OSError:
            # It is said elsewhere, too; what it is about matters more.
            pass

    def clean(self) -> None:
        """Remove what processes that died while they wrote have left."""
        for part in self.folder.glob(f"*{_PART}"):
            try:
                if time.time() - part.stat().st_mtime > _PART_SECONDS:
                    part.unlink()
            except OSError:
                # Another one was faster.
                continue

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_name(path.name + _PART)
        try:
            part.write_bytes(content)
            part.rename(path)
        except OSError:
            # On a full disk the name stays without its content.
            part.unlink(missing_ok=True)
            raise


def age(event: Path) -> float:
    """Seconds since an event was put into a spool."""
    return time.time() - int(event.name.partition("-")[0]) / 1e9
