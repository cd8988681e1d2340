"""Times whole commands, and compares what they took."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Optional


@dataclass
class Figure:
    """Seconds that one thing took, in each of its runs."""

    what: str
    target: str
    """What is aimed at, as the tables of the README say it."""

    seconds: List[float] = field(default_factory=list)

    alternative: Optional[float] = None
    """Median seconds of the Dockerfile for the same, where it can do it."""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def ratio(self) -> Optional[float]:
        """How many times longer the alternative takes."""
        return None if self.alternative is None else self.alternative / self.median

    def time(self, action: Callable[[], object]) -> None:
        """Do it once more, and note how long it took."""
        start = time.monotonic()
        action()
        self.seconds.append(time.monotonic() - start)

    def as_json(self) -> Dict[str, object]:
        return {
            "what": self.what,
            "target": self.target,
            "seconds": [round(value, 3) for value in self.seconds],
            "median": round(self.median, 3),
            "dockerfile": None if self.alternative is None else round(self.alternative, 3),
            "ratio": None if self.ratio is None else round(self.ratio, 1),
        }

    def row(self) -> List[str]:
        """Cells of the table that people read."""
        low, high = min(self.seconds), max(self.seconds)
        spread = f"{low:.2f} to {high:.2f}" if len(self.seconds) > 1 else "one run"
        other = "" if self.alternative is None else f"{self.alternative:.1f} s"
        ratio = "" if self.ratio is None else f"{self.ratio:.1f} x"
        return [self.what, f"{self.median:.2f} s", spread, self.target, other, ratio]


class PeakMemory:
    """Notes the largest resident size of a build step while the block lasts.

    A build step is a process that works in a sandbox of Pants. Samples every 50 ms.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.command = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            for process in Path("/proc").glob("[0-9]*"):
                self._look_at(process)

    def _look_at(self, process: Path) -> None:
        try:
            if "pants-sandbox-" not in os.readlink(process / "cwd"):
                return
            pages = int((process / "statm").read_text().split()[1])
            command = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:
            return
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        if resident > self.bytes:
            self.bytes, self.command = resident, command.strip()


def check(command: List[str], **options: object) -> str:
    """Run a command to its end; what it printed.

    Raises:
        SystemExit: it failed; the message has the end of its output.
    """
    result = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,  # type: ignore
    )
    if result.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} failed:\n{result.stdout[-3000:]}")
    output: str = result.stdout
    return output


def table(rows: List[List[str]]) -> str:
    """Rows as a Markdown table; the first is the head."""
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in body]
    return "\n".join(lines)
