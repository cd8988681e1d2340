"""Pieces of Markdown."""

from __future__ import annotations

from typing import Iterable, Sequence

GENERATED = "<!-- Written by `./pants release-notes`. Edits are overwritten. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def document(*blocks: str) -> bytes:
    """A document of blocks, empty ones left out."""
    return (
        "\n\n".join([GENERATED, *(block.strip() for block in blocks if block.strip())]) + "\n"
    ).encode()
