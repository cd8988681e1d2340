"""Orders names as people do, whose numbers count as numbers."""

from __future__ import annotations

import re


def natural_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts `5.0.10` after `5.0.9`, and `5.0.6-base` after `5.0.6`."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
