"""Sentences for the logs of tasks, as runners and schedulers have them written.

Neither writes them itself: a runner has no Airflow, and a scheduler has no time for files.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import List, Optional

WRITER = "astronomer.runtime.executor.log_note_writer"
"""The module that writes them, as a program."""

_MOST_SECONDS = 120.0
"""For one batch; a folder of logs on a network that does not answer takes forever."""

_MOST_WAITING = 10_000


@dataclass(frozen=True)
class LogNote:
    """A sentence for the log of one try."""

    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    """-1 for a task that is not mapped."""

    try_number: int
    """From 1."""

    text: str
    level: int = logging.ERROR

    def as_command(self) -> List[str]:
        """What has `WarmParent` write it in place of a task."""
        return [WRITER, self.as_line()]

    def as_line(self) -> str:
        """One line of the writer's standard input."""
        return json.dumps(asdict(self))


class NoteWriters:
    """Has notes written by a program beside this process, one at a time."""

    def __init__(self) -> None:
        self._waiting: List[LogNote] = []
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self._end_at = 0.0

    def add(self, note: LogNote) -> None:
        """Have it written; above 10,000 that wait it is dropped."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(note)

    def work(self) -> None:
        """Start the program if there is something to write and none runs; returns at once."""
        if self._process is not None:
            if self._process.poll() is None and time.monotonic() < self._end_at:
                return
            self.close()
        if not self._waiting:
            return
        with tempfile.TemporaryFile() as lines:
            lines.writelines(f"{note.as_line()}\n".encode() for note in self._waiting)
            lines.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-m", WRITER],
                stdin=lines,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._end_at = time.monotonic() + _MOST_SECONDS
        self._waiting.clear()

    def close(self) -> None:
        """End the program."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
