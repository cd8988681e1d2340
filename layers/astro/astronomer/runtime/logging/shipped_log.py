"""One log in a store: what is there, and its text."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Optional, Tuple

from astronomer.runtime.logging import segments
from astronomer.runtime.logging.segments import Segment
from astronomer.runtime.logging.stores import Missing, Store
from astronomer.runtime.logging.tickets import Session

_SUFFIX = ".chunks"
"""What a log's folder of segments has behind the log's own name, under which Airflow's own handlers
write: where folders are real, one name cannot be both."""

_READERS = 8

_TRIES = 5


class Shipped(NamedTuple):
    """What a store has of one session."""

    session: Session
    content: bytes

    stop: int
    """The log's first byte that it does not have."""

    ended: bool
    """Whether that is all of it."""


class Found(NamedTuple):
    """What a store has of a log."""

    stock: bytes
    """What a handler of Airflow's own has written."""

    sessions: List[Shipped]
    """In the order in which they began."""


def path(log: str, session: Session, segment: Segment) -> str:
    """The path of a segment's object."""
    return f"{folder(log, session)}{segment.name}"


def folder(log: str, session: Session) -> str:
    """What the paths of a session's segments begin with."""
    return f"{log}{_SUFFIX}/{session.name}/"


def read(store: Store, log: str) -> Found:
    """Read all that a store has of a log."""
    for _ in range(_TRIES - 1):
        try:
            return _read(store, log)
        except Missing:
            # Segments became one while they were read.
            continue
    return _read(store, log)


def _read(store: Store, log: str) -> Found:
    has_stock, sessions = _look(store, log)
    chosen = {session: segments.cover(found) for session, found in sessions.items()}
    paths = [path(log, session, each) for session, found in chosen.items() for each in found]
    if has_stock:
        paths.append(log)
    pool = ThreadPoolExecutor(_READERS)
    try:
        contents = dict(zip(paths, pool.map(store.get, paths)))
    finally:
        # Where one fails, the others are not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
    return Found(
        contents.get(log, b""),
        [_joined(log, session, chosen[session], contents) for session in sorted(chosen)],
    )


def _look(store: Store, log: str) -> Tuple[bool, Dict[Session, List[Segment]]]:
    found: Dict[Session, List[Segment]] = defaultdict(list)
    has_stock = False
    start = f"{log}{_SUFFIX}/"
    # What has the log's name in front may also be another log.
    for each in store.list(log):
        if each == log:
            has_stock = True
        elif each.startswith(start):
            name, _, last = each[len(start) :].partition("/")
            session, segment = Session.parse(name), segments.parse(last)
            if session and segment:
                found[session].append(segment)
    return has_stock, found


def _joined(
    log: str, session: Session, cover: List[Segment], contents: Dict[str, bytes]
) -> Shipped:
    parts: List[bytes] = []
    end: Optional[int] = None
    for each in cover:
        content = contents[path(log, session, each)]
        parts.append(content[end - each.start :] if end and end > each.start else content)
        end = each.stop
    return Shipped(session, b"".join(parts), end or 0, bool(cover) and cover[-1].last)
