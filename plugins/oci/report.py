"""Tables for people: what a build made, and what it found made already."""

from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from oci.layer import BuiltLayer
from oci.sandbox.sizes import human_size
from pants.engine.internals.session import RunId
from pants.engine.process import ProcessResultMetadata

_SOURCES = {
    ProcessResultMetadata.Source.RAN: "built",
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


def layer_table(layers: Iterable[BuiltLayer], run_id: RunId) -> Iterator[str]:
    """One line a layer: target, compressed size, diffID, and whether this run built it."""
    return table(
        (
            (
                layer.descriptor.target,
                human_size(layer.descriptor.size),
                layer.descriptor.diff_id[:19],
                _SOURCES[layer.metadata.source(run_id)],
            )
            for layer in layers
        ),
        right=frozenset({1}),
    )
