"""Rows as text, for people at a terminal."""

from __future__ import annotations

from typing import Sequence


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows below each other, their cells aligned; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
