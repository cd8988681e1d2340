"""Reads a log for people: from the store, and its end, where it has not got there, from the worker.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable

from astronomer.runtime.logging import shipped_log, stores
from astronomer.runtime.logging.shipped_log import Found, Shipped

_AT_ONCE = 2.0
"""Seconds in which a store refuses a client. What takes longer is not tried twice."""

_COMPARED = 256
"""Bytes by which a worker's file is known as the one that was shipped."""


class LogReader:
    """Of logs below one remote folder."""

    def __init__(self, base: str) -> None:
        """Prepare; the store is asked when there is something to read."""
        self._base = base
        self._link = stores.Link(base)

    def read(self, log: str, file: Path, host: str, local: Callable[[], str]) -> str:
        """The text of a log.

        Args:
            log: Its path below the remote folder.
            file: Where it would be if it was this machine's.
            host: The machine that the try runs on, or ran on last.
            local: What Airflow reads here or from the worker, with words of its own in front.
        """
        place = os.path.join(self._base, log)
        try:
            found = self._read(log)
        except Exception as error:
            return f"*** Unable to read remote log from {place}: {error}\n{local()}"
        if not found.stock and not found.sessions:
            return f"*** No remote log at {place} yet.\n{local()}"
        content = _content(found) + _rest(found, file, host, local)
        return f"*** Reading remote log from {place}.\n{content.decode(errors='replace')}\n"

    def _read(self, log: str) -> Found:
        begun, was_up = time.monotonic(), self._link.is_up()
        try:
            return shipped_log.read(self._link.store(), log)
        except Exception:
            self._link.drop()
            if not was_up or time.monotonic() > begun + _AT_ONCE:
                raise
        # The connection may be another one since the client was made.
        try:
            return shipped_log.read(self._link.store(), log)
        except Exception:
            self._link.drop()
            raise


def _content(found: Found) -> bytes:
    parts = [found.stock, *(each.content for each in found.sessions)]
    *before, last = [part for part in parts if part] or [b""]
    # The last one may go on in the middle of a line.
    return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in before) + last


def _rest(found: Found, file: Path, host: str, local: Callable[[], str]) -> bytes:
    """What the last session's worker has and the store has not."""
    last = found.sessions[-1] if found.sessions else None
    if last is None or last.ended or last.session.host != host:
        return b""
    try:
        # As bytes where that is possible: offsets are those of bytes.
        whole = file.read_bytes() if file.exists() else _body(local())
    except OSError:
        return b""
    return whole[last.stop :] if _is_continued(last, whole) else b""


def _is_continued(shipped: Shipped, whole: bytes) -> bool:
    """Whether a file is the one that was shipped, not another with its name."""
    tail = shipped.content[-_COMPARED:]
    return whole[shipped.stop - len(tail) : shipped.stop] == tail


def _body(text: str) -> bytes:
    """A log without the lines that Airflow puts in front of it, which all begin with stars."""
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("***") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines).encode()
