"""What the entrypoint tells the user."""

from __future__ import annotations

import sys


def say(sentence: str) -> None:
    """Write one line to standard error; standard output belongs to the command."""
    print(f"astronomer-runtime: {sentence}", file=sys.stderr, flush=True)
