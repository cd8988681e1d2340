"""The memory of processes that share some of it. Source: proc(5), `smaps_rollup` and `smaps`."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Dict, Iterable, NamedTuple, Optional

from astronomer.runtime.process_table import PROC

_PAGE = resource.getpagesize()


class Memory(NamedTuple):
    """What a process has, in bytes."""

    private: int
    """Its alone, what was swapped out with it."""

    shared: int
    """Its part of what it shares: each page, divided by the number of processes that have it."""


def memory_of(pid: int, proc: Path = PROC) -> Optional[Memory]:
    """A process' memory; None where it has gone, or may not be looked at."""
    # `smaps_rollup` is of Linux 4.14. Sandboxes that emulate Linux lack both.
    for name in ("smaps_rollup", "smaps"):
        try:
            sums = _sums(proc / str(pid) / name)
        except OSError:
            continue
        if "Pss" in sums:
            private = sums["Private_Clean"] + sums["Private_Dirty"]
            shared = max(0, sums["Pss"] - private)
            return Memory(private + sums["SwapPss"], shared)
    return _without_proportions(proc / str(pid) / "statm")


def tree_memory(processes: Iterable[Memory], parent: Optional[Memory]) -> int:
    """Bytes that a task takes.

    A fork has all pages of the warm parent in common with it. The fewer tasks there are, the larger
    is each one's part of these, so a task would seem to grow when another ends. Of what each
    process shares, as much as the warm parent itself shares is left out.

    Args:
        processes: All of the task's.
        parent: The warm parent; None while there is none.
    """
    inherited = parent.shared if parent else 0
    return sum(each.private + max(0, each.shared - inherited) for each in processes)


_COUNTED = ("Pss", "Private_Clean", "Private_Dirty", "SwapPss")


def _sums(path: Path) -> Dict[str, int]:
    sums = dict.fromkeys(_COUNTED, 0)
    seen = False
    with open(path, "rb") as file:
        for line in file:
            name, _, rest = line.partition(b":")
            key = name.decode(errors="replace")
            if key in sums:
                seen = seen or key == "Pss"
                sums[key] += int(rest.split()[0]) * 1024
    return sums if seen else {}


def _without_proportions(path: Path) -> Optional[Memory]:
    try:
        words = path.read_text().split()
        resident, shared = int(words[1]) * _PAGE, int(words[2]) * _PAGE
    except (OSError, IndexError, ValueError):
        return None
    # Pages of files count as shared here. Those of a fork that nobody wrote to do not: without
    # proportions, each task seems to take the warm parent's memory again.
    return Memory(resident - shared, 0)
