"""A folder of events that wait to be sent, written by tasks and emptied by the sender.

An event is one file. Its name starts with the time, so that names sort as the events came, and it
appears whole or not at all.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import List

MOST_EVENTS = 10_000
"""When so many wait, the sink has been down for long, and new events are lost."""

_SUFFIX = ".json"


class Spool:
    """The folder, which is made on first use."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched yet."""
        self.folder = folder

    def put(self, event: bytes) -> bool:
        """Add an event; False where too many wait already.

        Raises:
            OSError: The folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        if len(self.waiting()) >= MOST_EVENTS:
            return False
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        part = self.folder / f"{name}.part"
        part.write_bytes(event)
        part.rename(self.folder / (name + _SUFFIX))
        return True

    def waiting(self) -> List[Path]:
        """The files of the events that wait, oldest first."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [self.folder / name for name in sorted(names) if name.endswith(_SUFFIX)]
