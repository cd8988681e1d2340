"""What a run's containers wrote, line by line under their names."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Iterable, List, Tuple

from oci.sandbox.engine import Engine
from runtime.local.containers import Part

_COLUMN = 9

_TAIL = 20
"""Lines of each container that come before those that are followed."""


def say(text: str, name: str = "") -> None:
    """Print a line, at once; `name` is the container that wrote it."""
    sys.stdout.write(f"{name:<{_COLUMN}} | {text}\n" if name else f"{text}\n")
    sys.stdout.flush()


def show(engine: Engine, parts: Iterable[Part]) -> None:
    """Print all that containers wrote, in the order of time."""
    lines: List[Tuple[str, str, str]] = []
    for part in parts:
        with _reader(engine, "--timestamps", part.id) as process:
            for text in _lines(process):
                time, _, text = text.partition(" ")
                lines.append((time, part.name, text))
    for _, name, text in sorted(lines, key=lambda line: line[0]):
        say(text, name)


def follow(engine: Engine, parts: Iterable[Part]) -> None:
    """Print what containers wrote last, and then what they write, until all have ended."""
    processes = []
    try:
        threads = []
        for part in parts:
            process = _reader(engine, "--follow", f"--tail={_TAIL}", part.id)
            processes.append(process)
            thread = threading.Thread(target=_print, args=(process, part.name), daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    finally:
        for process in processes:
            process.terminate()


def last_line(engine: Engine, part: Part, start: str) -> str:
    """The last line that a container wrote which begins so; empty where there is none."""
    with _reader(engine, "--tail=2000", part.id) as process:
        return next((line for line in reversed([*_lines(process)]) if line.startswith(start)), "")


def _reader(engine: Engine, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [engine.docker, "logs", *arguments],
        env=engine.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _lines(process: "subprocess.Popen[bytes]") -> Iterable[str]:
    assert process.stdout is not None
    return (line.decode(errors="replace").rstrip() for line in process.stdout)


def _print(process: "subprocess.Popen[bytes]", name: str) -> None:
    for text in _lines(process):
        say(text, name)
