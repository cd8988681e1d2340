"""Formats the lines of a task's log as Python does, and writes them, in less time.

What it saves pays for the JSON records.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Optional


class LineFormatter(logging.Formatter):
    """Works out each second once: `strftime` is a third of what a line costs."""

    _second: Optional[int] = None
    _text = ""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; as `logging.Formatter.format`."""
        rare = record.exc_info or record.exc_text or record.stack_info
        if rare or type(self._style) is not logging.PercentStyle:
            return super().format(record)
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        return self._style._fmt % record.__dict__

    def formatTime(self, record: logging.LogRecord, datefmt: Optional[str] = None) -> str:
        """The time of a record; as `logging.Formatter.formatTime`."""
        second = int(record.created)
        if second != self._second:
            moment = self.converter(second)
            self._text = time.strftime(datefmt or self.default_time_format, moment)
            self._second = second
        if datefmt or not self.default_msec_format:
            return self._text
        return self.default_msec_format % (self._text, record.msecs)


def write_line(file: int, line: str) -> None:
    """Write a line at once to a file's descriptor, so that the end of a process does not lose it.

    Raises:
        OSError: It cannot be written.
    """
    # What is not a string, as of a file name in another encoding, is shown by its number.
    rest = line.encode(errors="backslashreplace")
    # One write for a line: other processes may write to the same file.
    while rest:
        rest = rest[os.write(file, rest) :]
