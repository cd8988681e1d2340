"""Tables for people, and the words that stand in them."""

from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from oci.layer import BuiltLayer
from pants.engine.internals.session import RunId
from pants.engine.process import ProcessResultMetadata

BUILT = "built"

_ORIGINS = {
    ProcessResultMetadata.Source.RAN: BUILT,
    ProcessResultMetadata.Source.HIT_LOCALLY: "reused",
    ProcessResultMetadata.Source.HIT_REMOTELY: "reused (remote cache)",
    ProcessResultMetadata.Source.MEMOIZED: "reused",
}


def table(rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()) -> Iterator[str]:
    """Lay out rows in columns.

    Args:
        rows: Cells by row; all rows have the same number of cells.
        right: Columns that are aligned to the right.
    """
    cells = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
    for row in cells:
        padded = (
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        )
        yield "  " + "  ".join(padded).rstrip()


def origin(layer: BuiltLayer, run_id: RunId) -> str:
    """Whether a run built a layer or found it built."""
    return _ORIGINS[layer.metadata.source(run_id)]
