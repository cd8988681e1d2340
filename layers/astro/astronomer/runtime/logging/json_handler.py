"""Writes every line of a task's log as a JSON record as well."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from json.encoder import encode_basestring_ascii as quoted  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

from astronomer.runtime.logging.faults import FaultTolerantHandler
from astronomer.runtime.logging.file_names import LONGEST, fitting
from astronomer.runtime.logging.standard_output import PATIENCE, REST, StandardOutput, tell

STDOUT = "stdout"


_CLOCKS_DIFFER = 60 * 10**9
"""Nanoseconds that a task's supervisor may log after the end of a run that the database has."""


class TaskJsonHandler(FaultTolerantHandler):
    """One JSON object a line, written at once, so that the end of a process loses none.

    Each has `dag_id`, `task_id`, `run_id`, `execution_date`, `map_index` (-1 for a task that is not
    mapped), `try_number`, `timestamp`, `level`, `logger`, `message` (with the traceback, if any)
    and `offset`: nanoseconds that only ever rise, so that the lines of a try can be put in order,
    whichever process wrote them, whatever becomes of the clock meanwhile.
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
        self._output: Union[StandardOutput, _TryFile, None] = None
        self._offset = 0
        self._first_offset = 0
        self._failed = False

    def set_context(self, ti: Any) -> None:
        """Take the task instance whose log follows; Airflow calls it."""
        self.close()
        task = {
            "dag_id": ti.dag_id,
            "task_id": ti.task_id,
            "run_id": ti.run_id,
            "execution_date": ti.execution_date.isoformat(),
            "map_index": getattr(ti, "map_index", -1),
            "try_number": ti.try_number,
        }
        if task != self._task:
            # A process that is forked for the task goes on where its parent was.
            self._first_offset = _now(ti) - time.monotonic_ns()
        self._task = task
        # The same in every line.
        self._head = json.dumps(self._task)[:-1]
        try:
            self._output = StandardOutput() if self._target == STDOUT else self._open()
        except (OSError, ValueError) as error:
            # A task must not fail for want of a second copy of its log.
            self._give_up(error)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that passes the filters; as `logging.Handler.handle`."""
        # Without what the base class does besides: this is done for every line of every task.
        if self._output is None or not self.filter(record):
            return False
        assert self.lock is not None
        with self.lock:
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; as `logging.Handler.emit`."""
        if self._output is None:
            return
        self._offset = max(self._offset + 1, self._first_offset + time.monotonic_ns())
        try:
            # Digits behind the point by number: to find the fewest takes longer than the rest.
            line = (
                f'{self._head}, "timestamp": {record.created:.6f},'
                f' "message": {quoted(self._message(record))}, "offset": {self._offset},'
                f" {self._origin(record.levelname, record.name)}}}\n"
            ).encode()
        except Exception:
            self.handleError(record)
            return
        try:
            if not self._output.write(line) and not self._failed:
                self._failed = True
                tell(
                    f"nobody has read standard output for {PATIENCE:g} s; records of this task's"
                    f" log that it has no room for are dropped, each {REST:g} s after another"
                    f" {PATIENCE:g} s."
                )
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; as `logging.Handler.close`."""
        if self._output is not None:
            self._output.close()
        self._output = None
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

    def _open(self) -> _TryFile:
        folder = Path(self._target)
        folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        return _TryFile(os.path.join(os.fsencode(folder), _file_name(self._task).encode()))

    def _give_up(self, error: Exception) -> None:
        self.close()
        if not self._failed:
            self._failed = True
            tell(
                f"AIRFLOW__ASTRONOMER__TASK_LOG_JSON is '{self._target}', which cannot be written"
                f" ({error}); this task's log is not written there."
            )


class _TryFile:
    """A file of whole lines, to which several processes append."""

    def __init__(self, path: bytes) -> None:
        # 0o664: a sidecar of the same group reads it, and may take it away.
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o664)

    def write(self, line: bytes) -> bool:
        """Write a line.

        Raises:
            OSError: It cannot be written, as when the disk is full.
        """
        # One write for a line: other processes may write to the same file.
        sent = os.write(self._file, line)
        while sent < len(line):
            try:
                sent += os.write(self._file, line[sent:])
            except OSError:
                self._take_back(sent)
                raise
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _take_back(self, sent: int) -> None:
        end = os.lseek(self._file, 0, os.SEEK_CUR)
        if os.fstat(self._file).st_size == end:
            os.ftruncate(self._file, end - sent)


def _now(ti: Any) -> int:
    """Nanoseconds since 1970, later than what other machines wrote of the task before."""
    now = time.time_ns()
    ends = [getattr(ti, name, None) for name in ("start_date", "end_date")]
    before = max((int(each.timestamp() * 1e9) for each in ends if each), default=0)
    return max(now, before + _CLOCKS_DIFFER) if before > now else now


def _file_name(task: Dict[str, Any]) -> str:
    words = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    ids = [str(task[word]) for word in words]
    name = "~".join(re.sub(r"[^\w.+-]", "_", each) for each in ids)
    # Airflow's own run ids have colons, and nothing else that is not taken as it is.
    identity = "~".join(ids).replace(":", "_")
    return f"{fitting(name, LONGEST - len('.log'), identity)}.log"
