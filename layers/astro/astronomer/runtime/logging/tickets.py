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

FOLDER = ".shipping"
"""Below the folder of task logs, so that both are kept, or lost, together."""

_SUFFIX = ".ticket"


class Session(NamedTuple):
    """One run of a try on one machine; a sensor that is rescheduled has several."""

    began: int
    """Nanoseconds since 1970."""

    host: str

    @property
    def name(self) -> str:
        return f"{self.began}-{self.host}"

    @classmethod
    def parse(cls, name: str) -> Optional[Session]:
        """The session of a name; None for one that is no session's."""
        began, _, host = name.partition("-")
        return cls(int(began), host) if began.isdigit() and host else None

    @classmethod
    def begin(cls, host: str) -> Session:
        """One that begins now."""
        return cls(time.time_ns(), host_word(host))


def host_word(host: str) -> str:
    """A host's name as it stands in a session's."""
    return re.sub(r"[^\w.-]", "_", host) or "_"


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
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o775)
    path = folder / f"{session.name}{_SUFFIX}"
    part = path.with_suffix(".part")
    file = open(part, "wb")
    try:
        # Before it can be seen: without a lock it would be that of a log that has ended.
        fcntl.flock(file, fcntl.LOCK_SH)
        file.write(json.dumps({"log": log, "start": start}).encode())
        file.flush()
        os.rename(part, path)
    except OSError:
        file.close()
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


def waiting(folder: Path) -> List[Ticket]:
    """All tickets, oldest first."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(_SUFFIX)]
    except OSError:
        return []
    return sorted(_read(folder, names), key=lambda ticket: ticket.session)


def _read(folder: Path, names: List[str]) -> Iterator[Ticket]:
    for name in names:
        session = Session.parse(name[: -len(_SUFFIX)])
        try:
            content = json.loads((folder / name).read_bytes())
            log, start = str(content["log"]), int(content["start"])
        except (OSError, ValueError, KeyError, TypeError):
            # It is gone meanwhile, or none of ours.
            continue
        # Only what lies below the folder of logs is ever shipped.
        if session and not os.path.isabs(log) and ".." not in Path(log).parts:
            yield Ticket(folder / name, session, log, start)
