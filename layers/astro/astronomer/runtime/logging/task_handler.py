"""The handler of task logs that are shipped while their task runs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import IO, Any, Dict, Optional, Tuple

from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.net import get_hostname
from astronomer.runtime import lone_process
from astronomer.runtime.logging import connection, reader, shipper, stores, tickets
from astronomer.runtime.logging.line_format import write_line
from astronomer.runtime.logging.tickets import Session
from astronomer.runtime.messages import say

_LOOK_AFTER = 10.0
"""Seconds between two looks at whether the shipper lives."""

_PATIENCE = 10.0
"""Seconds that the end of a container waits for what is to be shipped."""


class ShippedTaskHandler(FileTaskHandler):
    """Airflow's handler of local files, whose files a process of their own ships.

    A task does with its log what it does without us; it only makes a ticket for it.
    """

    def __init__(
        self, base_log_folder: str, remote_base: str, filename_template: Optional[str] = None
    ) -> None:
        """Prepare; without a task instance nothing is written.

        Args:
            base_log_folder: As Airflow's own.
            remote_base: The remote log folder.
            filename_template: As Airflow 2.2's own; later releases have it in the database.
        """
        templates = [filename_template] if filename_template else []
        super().__init__(base_log_folder, *templates)
        self._reader = reader.LogReader(remote_base)
        self._conn_id = stores.connection_id(remote_base)
        self._folder = Path(base_log_folder, tickets.FOLDER)
        self._log = ""
        self._ticket: Optional[IO[bytes]] = None
        self._environ: Dict[str, str] = {}
        self._next_look = float("inf")

    def set_context(self, ti: Any) -> None:
        """Take the task instance whose log follows; Airflow calls it, more than once."""
        super().set_context(ti)
        log = os.path.relpath(self.handler.baseFilename, self.local_base)
        # A process that is forked for the task has its parent's ticket already.
        if self._ticket is None or log != self._log:
            self._release()
            self._log = log
            self._environ = dict(os.environ)
            try:
                self._ticket = self._hold(raw=bool(getattr(ti, "raw", False)))
                self._look_after_shipper()
            except OSError as error:
                # A task must not fail for want of a second copy of its log.
                say(f"the log {log} is not shipped: {error}.")
        if getattr(ti, "raw", False):
            # From here on the process is the user's.
            connection.withhold(os.environ, self._conn_id)

    def emit(self, record: Any) -> None:
        """Write a record; as Airflow's own."""
        if record.created > self._next_look:
            self._look_after_shipper()
        file = self.handler.stream if self.handler else None
        if file is None:
            return
        try:
            # What the file's own handler does, in half of its time.
            write_line(file.fileno(), f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file; at the end of a container, have it shipped before."""
        super().close()
        if self._ticket is not None:
            self._look_after_shipper()
            self._release()
        if 1 in (os.getpid(), os.getppid()) and not lone_process.is_one():
            shipper.drain(self._folder, _PATIENCE)

    def _read(
        self, ti: Any, try_number: int, metadata: Optional[Dict[str, Any]] = None
    ) -> Tuple[str, Dict[str, Any]]:
        """The log of a try; Airflow calls it for the UI and the REST API."""
        log = self._render_filename(ti, try_number)

        def local() -> str:
            return str(super(ShippedTaskHandler, self)._read(ti, try_number, metadata)[0])

        host = tickets.host_word(ti.hostname or "")
        return self._reader.read(log, Path(self.local_base, log), host, local), {"end_of_log": True}

    def _hold(self, raw: bool) -> Optional[IO[bytes]]:
        if raw:
            # One that was started anew by its supervisor, as another user for example; or nobody's,
            # as of `airflow tasks test`, whose log Airflow's own handlers keep here too.
            return tickets.join(self._folder, self._log)
        start = os.path.getsize(self.handler.baseFilename)
        return tickets.begin(self._folder, Session.begin(get_hostname()), self._log, start)

    def _look_after_shipper(self) -> None:
        if self._ticket is None:
            return
        self._next_look = time.time() + _LOOK_AFTER
        try:
            lone_process.ensure(shipper.MODULE, self._folder, environ=self._environ)
        except OSError:
            # The next look may find room for a process.
            pass

    def _release(self) -> None:
        if self._ticket is not None:
            self._ticket.close()
        self._ticket = None
        self._next_look = float("inf")
