"""Shows how far a push is."""

from __future__ import annotations

import threading
import time
from typing import Dict, TextIO

from oci.sandbox.sizes import human_size

_LINE_SECONDS = 5.0
"""Between two lines where there is no terminal."""


class Progress:
    """Counts bytes, and says so: on a terminal in one line, elsewhere now and then.

    Args:
        title: What is pushed.
        stream: Where to.
    """

    def __init__(self, title: str, stream: TextIO) -> None:
        self._title = title
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()
        self._offsets: Dict[str, int] = {}
        self._total = 0
        self._shown = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line."""
        # On a terminal it replaces what `show` wrote there.
        start, end = ("\r", "\x1b[K\n") if self._live else ("", "\n")
        self._stream.write(f"{start}{self._title}: {text}{end}")
        self._stream.flush()

    def start(self, text: str, total: int) -> None:
        """Write a line, and expect this many bytes."""
        self._total = total
        self.say(f"{text}, {human_size(total)} to go" if total else text)

    def sent(self, digest: str, offset: int) -> None:
        """Note how far a blob is."""
        with self._lock:
            self._offsets[digest] = offset

    def show(self) -> None:
        """Say how far all is, if it is time to."""
        now = time.monotonic()
        if not self._total or (not self._live and now < self._shown + _LINE_SECONDS):
            return
        self._shown = now
        with self._lock:
            done = sum(self._offsets.values())
        text = f"{human_size(done)} of {human_size(self._total)}"
        if self._live:
            self._stream.write(f"\r{self._title}: {text}\x1b[K")
            self._stream.flush()
        else:
            self.say(text)
