"""The handler of task logs that are shipped while their task runs."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import IO, Any, Dict, Optional, Tuple

from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.net import get_hostname
from astronomer.runtime import lone_process
from astronomer.runtime.logging import connection, reader, shipper, tickets
from astronomer.runtime.logging.faults import FaultTolerantHandler
from astronomer.runtime.logging.line_format import write_line
from astronomer.runtime.logging.standard_output import tell
from astronomer.runtime.logging.tickets import Session
from astronomer.runtime.messages import say

_LOOK_AFTER = 10.0
"""Seconds between two looks at whether the shipper lives."""

_PATIENCE = 10.0
"""Seconds that the end of a container waits for what is to be shipped."""


class ShippedTaskHandler(FaultTolerantHandler, FileTaskHandler):
    """Airflow's handler of local files, whose files a process of their own ships.

    A task does with its log what it does without us; it only makes a ticket for it. Its supervisor
    looks after the shipper: the task's own process has no connection to start one with.
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
        self._folder = Path(base_log_folder, tickets.FOLDER)
        self._log = ""
        self._ticket: Optional[IO[bytes]] = None
        self._supervised: Optional[threading.Event] = None
        self._has_failed = False

    def set_context(self, ti: Any) -> None:
        """Take the task instance whose log follows; Airflow calls it, more than once."""
        super().set_context(ti)
        log = os.path.relpath(self.handler.baseFilename, self.local_base)
        # A process that is forked for the task has its parent's ticket already.
        if self._ticket is None or log != self._log:
            self._release()
            self._log = log
            if getattr(ti, "raw", False):
                # One that was started anew by its supervisor, as another user for example; or
                # nobody's, as of `airflow tasks test`, whose log Airflow's own handlers keep here
                # too.
                self._ticket = tickets.join(self._folder, log)
            else:
                self._supervise(int(getattr(ti, "job_id", None) or 0))
        if getattr(ti, "raw", False):
            # From here on the process is the user's; the supervisor is another one.
            self._supervised = None
            connection.withhold(os.environ)

    def emit(self, record: Any) -> None:
        """Write a record; as Airflow's own."""
        file = self.handler.stream if self.handler else None
        if file is None:
            return
        try:
            line = f"{self.format(record)}\n"
        except Exception:
            self.handleError(record)
            return
        try:
            # What the file's own handler does, in half of its time.
            write_line(file.fileno(), line)
        except (OSError, ValueError) as error:
            self._fail(error)

    def close(self) -> None:
        """Close the file; at the end of a container, have it shipped before."""
        super().close()
        if self._ticket is not None:
            if self._supervised is not None:
                self._look_after_shipper()
            self._release()
        if 1 in (os.getpid(), os.getppid()) and not lone_process.is_one():
            shipper.drain(self._folder, _PATIENCE)

    def _read(
        self, ti: Any, try_number: int, metadata: Optional[Dict[str, Any]] = None
    ) -> Tuple[str, Dict[str, Any]]:
        """The log of a try; Airflow calls it for the UI and the REST API."""
        # As the system finds the file: a run id may have slashes.
        log = os.path.normpath(self._render_filename(ti, try_number))

        def local() -> str:
            return str(super(ShippedTaskHandler, self)._read(ti, try_number, metadata)[0])

        host = tickets.host_word(ti.hostname or "")
        return self._reader.read(log, Path(self.local_base, log), host, local), {"end_of_log": True}

    def _supervise(self, job: int) -> None:
        """Hold a ticket, and look after the shipper as long as this process does."""
        session = Session.begin(get_hostname(), job)
        try:
            start = os.path.getsize(self.handler.baseFilename)
        except OSError:
            # Somebody has cleaned up, at once.
            start = 0
        self._begin(session, start, say_so=True)
        ended = self._supervised = threading.Event()

        def look_after() -> None:
            while not ended.wait(_LOOK_AFTER):
                self._begin(session, start)
                self._look_after_shipper()

        self._look_after_shipper()
        try:
            # In the supervisor's process, which waits: the task is a fork of it, or a program.
            threading.Thread(target=look_after, daemon=True).start()
        except RuntimeError:
            # There is room for no other; the shipper that lives is enough.
            pass

    def _begin(self, session: Session, start: int, say_so: bool = False) -> None:
        if self._ticket is not None:
            return
        try:
            self._ticket = tickets.begin(self._folder, session, self._log, start)
        except OSError as error:
            # A task must not fail for want of a second copy of its log.
            if say_so:
                say(f"the log {self._log} is not shipped: {error}.")

    def _look_after_shipper(self) -> None:
        if self._ticket is None:
            return
        try:
            lone_process.ensure(shipper.MODULE, self._folder)
        except OSError:
            # The next look may find room for a process.
            pass

    def _fail(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            # Not by `handleError`: what it prints is a part of the log that cannot be written.
            tell(f"the log {self._log} cannot be written ({error}); lines of it are lost.")

    def _release(self) -> None:
        if self._supervised is not None:
            self._supervised.set()
        self._supervised = None
        if self._ticket is not None:
            self._ticket.close()
        self._ticket = None
