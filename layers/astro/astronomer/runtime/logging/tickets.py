"""Which logs on this machine are to be shipped: one file, a ticket, for each run of a try.

The log itself is the spool: the file that Airflow's handler writes anyway. Those who write it hold
a lock on its ticket. The system lets go of the lock when the last of them ends, however it ends, so
nobody has to be alive to say so.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from pathlib import Path
from typing import IO, Iterator, List, NamedTuple, Optional

from astronomer.runtime.logging.file_names import fitting

FOLDER = ".shipping"
"""Below the folder of task logs, so that both are kept, or lost, together."""

_SUFFIX = ".ticket"

_REFUSED = ".refused"
"""What a ticket's file ends in once its log has been given up."""

_JOB = 10**20
"""Above all nanoseconds since 1970 that a clock shows, now or in a thousand years."""

_NAME = re.compile(r"([0-9]{1,40})-(.+)")

_LONGEST_HOST = 64
"""Bytes. A session's name is that of a file here, and a part of a longer name in the store."""


class Session(NamedTuple):
    """One run of a try on one machine; a sensor that is rescheduled has several.

    They sort in the order in which they ran: the clocks of two machines can differ.
    """

    job: int
    """Id of the job that ran the task instance before, as Airflow's database numbers them; 0 for
    none."""

    began: int
    """Nanoseconds since 1970, by the machine's clock."""

    host: str

    @property
    def name(self) -> str:
        # One number, as releases that knew the clock alone read and sort it too.
        return f"{self.job * _JOB + self.began}-{self.host}"

    @classmethod
    def parse(cls, name: str) -> Optional[Session]:
        """The session of a name; None for one that is not a session's."""
        found = _NAME.fullmatch(name)
        return cls(*divmod(int(found[1]), _JOB), found[2]) if found else None

    @classmethod
    def begin(cls, host: str, job: int) -> Session:
        """One that begins now."""
        return cls(job, time.time_ns(), host_word(host))


def host_word(host: str) -> str:
    """A host's name as it stands in a session's."""
    return fitting(re.sub(r"[^\w.-]", "_", host) or "_", _LONGEST_HOST)


class Ticket(NamedTuple):
    """What is to be shipped."""

    path: Path
    """The ticket's own file."""

    session: Session

    log: str
    """Path of the log, relative to the folder of task logs."""

    start: int
    """The log's first byte that belongs to this session."""

    def nobody_writes(self) -> bool:
        """Whether all who wrote the log have ended, so that it is as long as it will be."""
        try:
            with open(self.path, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            pass
        return True


def begin(folder: Path, session: Session, log: str, start: int) -> IO[bytes]:
    """Write a ticket; what is returned holds it until it is closed, in forked processes too.

    Raises:
        OSError: The folder cannot be written, or the log lies outside of the folder of logs.
    """
    if not _lies_inside(log):
        raise OSError("it lies outside of the folder of task logs")
    folder.mkdir(parents=True, exist_ok=True, mode=0o775)
    path = folder / f"{session.name}{_SUFFIX}"
    part = path.with_suffix(".part")
    # Without a buffer, which would be written once more, and fail once more, when it is closed.
    file = open(part, "wb", buffering=0)
    try:
        # Before it can be seen: without a lock it would be that of a log that has ended.
        fcntl.flock(file, fcntl.LOCK_SH)
        file.write(json.dumps({"log": log, "start": start}).encode())
        os.rename(part, path)
    except OSError:
        file.close()
        part.unlink()
        raise
    return file


def join(folder: Path, log: str) -> Optional[IO[bytes]]:
    """Hold the ticket that another process has begun for a log; None where there is none."""
    for ticket in reversed(waiting(folder)):
        if ticket.log != log:
            continue
        try:
            file = open(ticket.path, "rb")
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            # It is being closed.
            return None
        return file
    return None


def names(folder: Path) -> List[str]:
    """The files of all tickets."""
    try:
        return [name for name in os.listdir(folder) if name.endswith(_SUFFIX)]
    except OSError:
        return []


def read(folder: Path, name: str) -> Optional[Ticket]:
    """The ticket in a file of that name.

    Returns:
        None for a file that is gone meanwhile, or is not a ticket.
    """
    session = Session.parse(name[: -len(_SUFFIX)])
    try:
        # It need not be a file of ours: a pipe would be waited for.
        with open(os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            content = json.loads(file.read())
        log, start = content["log"], content["start"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if session is None or not isinstance(log, str) or type(start) is not int or start < 0:
        return None
    # Only what lies below the folder of logs is ever shipped.
    return Ticket(folder / name, session, log, start) if _lies_inside(log) else None


def waiting(folder: Path) -> List[Ticket]:
    """All tickets, oldest first."""
    return sorted(_read_all(folder), key=lambda ticket: ticket.session)


def give_up(ticket: Ticket) -> None:
    """Have nobody ship a ticket's log until `take_up_again`.

    Raises:
        OSError: The folder cannot be written.
    """
    os.rename(ticket.path, ticket.path.with_suffix(_REFUSED))


def take_up_again(folder: Path) -> None:
    """Have logs that were given up be shipped."""
    for path in folder.glob(f"*{_REFUSED}"):
        try:
            os.rename(path, path.with_suffix(_SUFFIX))
        except OSError:
            # Somebody else was faster, or the folder is read-only: those of others are shipped.
            pass


def _read_all(folder: Path) -> Iterator[Ticket]:
    for name in names(folder):
        ticket = read(folder, name)
        if ticket:
            yield ticket


def _lies_inside(log: str) -> bool:
    try:
        log.encode()
    except UnicodeEncodeError:
        # No file has such a name.
        return False
    path = Path(log)
    return bool(path.parts) and not path.is_absolute() and not {"..", "\0"} & {*path.parts, *log}
