"""Writes every line of a task's log as a JSON record as well."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from json.encoder import encode_basestring_ascii as quoted  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from astronomer.runtime.logging.line_format import write_line

STDOUT = "stdout"


class TaskJsonHandler(logging.Handler):
    """One JSON object a line, written at once, so that the end of a process loses none.

    Each has `dag_id`, `task_id`, `run_id`, `execution_date`, `map_index` (-1 for a task that is not
    mapped), `try_number`, `timestamp`, `level`, `logger`, `message` (with the traceback, if any)
    and `offset`: nanoseconds that only ever rise, so that the lines of a try can be put in order,
    whichever process wrote them.
    """

    def __init__(self, target: str) -> None:
        """Prepare; without a task instance nothing is written.

        Args:
            target: `stdout`, or a folder that gets a file for each try.
        """
        super().__init__()
        self._target = target
        self._task: Dict[str, Any] = {}
        self._head = ""
        self._origins: Dict[Tuple[str, str], str] = {}
        self._file: Optional[int] = None
        self._offset = 0
        self._failed = False

    def set_context(self, ti: Any) -> None:
        """Take the task instance whose log follows; Airflow calls it."""
        self.close()
        self._task = {
            "dag_id": ti.dag_id,
            "task_id": ti.task_id,
            "run_id": ti.run_id,
            "execution_date": ti.execution_date.isoformat(),
            "map_index": getattr(ti, "map_index", -1),
            "try_number": ti.try_number,
        }
        # The same in every line.
        self._head = json.dumps(self._task)[:-1]
        try:
            self._file = self._open()
        except OSError as error:
            # A task must not fail for want of a second copy of its log.
            self._give_up(error)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that passes the filters; as `logging.Handler.handle`."""
        # Without what the base class does besides: this is done for every line of every task.
        if self._file is None or not self.filter(record):
            return False
        assert self.lock is not None
        with self.lock:
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; as `logging.Handler.emit`."""
        if self._file is None:
            return
        self._offset = max(self._offset + 1, time.time_ns())
        try:
            write_line(
                self._file,
                # Digits behind the point by number: to find the fewest takes longer than the rest.
                f'{self._head}, "timestamp": {record.created:.6f},'
                f' "message": {quoted(self._message(record))}, "offset": {self._offset},'
                f" {self._origin(record.levelname, record.name)}}}\n",
            )
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; as `logging.Handler.close`."""
        if self._file is not None and self._target != STDOUT:
            os.close(self._file)
        self._file = None
        super().close()

    def _origin(self, level: str, logger: str) -> str:
        known = self._origins.get((level, logger))
        if known is None:
            known = f'"level": {quoted(level)}, "logger": {quoted(logger)}'
            self._origins[level, logger] = known
        return known

    def _message(self, record: logging.LogRecord) -> str:
        if record.exc_info or record.stack_info:
            return self.format(record)
        # The handler of the log that people read, which comes first, has made it already.
        message: Optional[str] = record.__dict__.get("message")
        return record.getMessage() if message is None else message

    def _open(self) -> int:
        if self._target == STDOUT:
            # The process' own: Airflow puts the log in the place of `sys.stdout` while a task runs.
            stream = sys.__stdout__
            if stream is None:
                raise OSError("there is no standard output")
            stream.flush()
            return stream.fileno()
        folder = Path(self._target)
        folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        # 0o664: a sidecar of the same group reads it, and may take it away.
        name = folder / f"{_file_name(self._task)}.log"
        return os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o664)

    def _give_up(self, error: Exception) -> None:
        self._file = None
        if not self._failed:
            self._failed = True
            print(
                f"astronomer-runtime: AIRFLOW__ASTRONOMER__TASK_LOG_JSON is '{self._target}', which"
                f" cannot be written ({error}); this task's log is not written there.",
                file=sys.__stderr__,
            )


def _file_name(task: Dict[str, Any]) -> str:
    words = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    return "~".join(re.sub(r"[^\w.+-]", "_", str(task[word])) for word in words)
