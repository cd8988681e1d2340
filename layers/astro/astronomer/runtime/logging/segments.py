"""How a log lies in remote storage while it grows: as segments, each named by the bytes it holds.

A segment is one object, and never changes. Since its name says which bytes of the log it has, a
segment that was sent twice, or is part of a larger one, is read once: no reader needs to know what
happened to a writer.
"""

from __future__ import annotations

import re
from typing import Callable, Iterable, List, NamedTuple, Optional, Sequence

_NAME = re.compile(r"(\d+)-(\d+)(-end)?$")

_FEW = 16
"""So many small segments in a row are worth making one of."""

_SMALL = (4 << 10, 64 << 10, 1 << 20)
"""Bytes. What is larger than the last stays as it is."""

LARGEST = 8 << 20
"""Bytes that one request carries."""


class Segment(NamedTuple):
    """A range of a log's bytes."""

    start: int

    stop: int
    """The first byte that does not belong to it."""

    last: bool = False
    """Whether the log has ended: nothing follows."""

    @property
    def name(self) -> str:
        """The last part of its object's name; names sort as the ranges do."""
        return f"{self.start:012d}-{self.stop:012d}{'-end' if self.last else ''}"

    @property
    def size(self) -> int:
        return self.stop - self.start


def parse(name: str) -> Optional[Segment]:
    """The segment of a name; None for one that is not a segment's."""
    found = _NAME.match(name)
    return Segment(int(found[1]), int(found[2]), bool(found[3])) if found else None


def cover(segments: Iterable[Segment]) -> List[Segment]:
    """As few segments as hold all the bytes that any of them has, in order.

    Neighbours may overlap; a reader cuts off what it has read already.
    """
    waiting = sorted(set(segments))
    chosen: List[Segment] = []
    while waiting:
        end = chosen[-1].stop if chosen else waiting[0].start
        # One that holds what comes next; else there is a hole, and all go on behind it.
        following = [each for each in waiting if each.start <= max(end, waiting[0].start)]
        chosen.append(max(following, key=lambda each: (each.stop, each.last)))
        waiting = [each for each in waiting if _adds_to(chosen[-1], each)]
    return chosen


def contiguous(segments: Sequence[Segment], start: int) -> List[Segment]:
    """Those of a cover that hold the bytes from `start` on without a hole."""
    found: List[Segment] = []
    for each in segments:
        if each.start > (found[-1].stop if found else start):
            break
        found.append(each)
    return found


def worth_merging(segments: Sequence[Segment]) -> List[Segment]:
    """The last few, where they are so many and so small that one should take their place."""
    for limit in _SMALL:
        run = _trailing(segments, lambda each: each.size < limit)
        if len(run) >= _FEW:
            return run
    return []


def closing(segments: Sequence[Segment]) -> List[Segment]:
    """The last few that one request can carry, for one that says that the log has ended."""
    run = _trailing(segments, lambda each: each.size <= LARGEST)
    while run and run[-1].stop - run[0].start > LARGEST:
        run = run[1:]
    return run


def _adds_to(before: Segment, each: Segment) -> bool:
    return each.stop > before.stop or (each.last and not before.last and each.stop == before.stop)


def _trailing(segments: Sequence[Segment], fits: Callable[[Segment], bool]) -> List[Segment]:
    first = len(segments)
    while first and fits(segments[first - 1]):
        first -= 1
    return list(segments[first:])
