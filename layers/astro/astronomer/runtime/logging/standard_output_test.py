"""Processes that share a standard output, read or not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator, List

import pytest

_SECONDS = 60

_LINES, _LONG = 100, 30_000

_WRITE = """
import sys
from astronomer.runtime.logging import standard_output
from astronomer.runtime.logging.standard_output import StandardOutput

standard_output.PATIENCE = float(sys.argv[1])
output = StandardOutput()
for number in range(int(sys.argv[2])):
    # Of lengths below and above what a pipe takes at once.
    output.write(sys.argv[4].encode() * (int(sys.argv[3]) // (1 + number % 3)) + b"\\n")
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts processes that write lines of one letter."""
    started: List["subprocess.Popen[bytes]"] = []
    environ: Dict[str, str] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        # Where the lock is.
        "TMPDIR": str(tmp_path),
    }

    def start_one(
        output: Any, letter: str, lines: int = _LINES, patience: float = _SECONDS
    ) -> "subprocess.Popen[bytes]":
        words = [str(patience), str(lines), str(_LONG), letter]
        started.append(
            subprocess.Popen([sys.executable, "-c", _WRITE, *words], env=environ, stdout=output)
        )
        return started[-1]

    yield start_one
    for each in started:
        each.kill()
        each.wait()


def lines(source: IO[bytes]) -> List[bytes]:
    """All lines until the last writer has ended, each of which has to be whole."""
    found = source.read().splitlines(keepends=True)
    for line in found:
        assert line.endswith(b"\n") and len(set(line)) == 2
        assert len(line) - 1 in [_LONG, _LONG // 2, _LONG // 3]
    return found


def pipe() -> "tuple[IO[bytes], Any]":
    reader, writer = os.pipe()
    return open(reader, "rb"), open(writer, "wb")


def socket_pair() -> "tuple[IO[bytes], Any]":
    # It cannot be opened a second time.
    reader, writer = socket.socketpair()
    return reader.makefile("rb"), writer


@pytest.mark.parametrize("make", [pipe, socket_pair])
def test_lines_of_several_processes_are_whole(
    make: Callable[[], "tuple[IO[bytes], Any]"], start: Start
) -> None:
    source, target = make()
    with source, target:
        started = [start(target, letter) for letter in "abcd"]
        target.close()
        found = lines(source)
    assert [each.wait(_SECONDS) for each in started] == [0] * 4
    for letter in b"abcd":
        assert sum(line[0] == letter for line in found) == _LINES


def test_a_file_gets_whole_lines(start: Start, tmp_path: Path) -> None:
    with open(tmp_path / "output", "ab") as target:
        started = [start(target, letter) for letter in "ab"]
    assert [each.wait(_SECONDS) for each in started] == [0, 0]
    with open(tmp_path / "output", "rb") as source:
        assert len(lines(source)) == 2 * _LINES


def test_processes_whose_output_nobody_reads_end_and_the_next_one_finishes_their_line(
    start: Start,
) -> None:
    source, target = pipe()
    with source, target:
        # Both at once: whoever has begun a line that does not fit must not hold up the other.
        started = [start(target, letter, patience=0.5) for letter in "ab"]
        assert [each.wait(_SECONDS) for each in started] == [0, 0]
        last = start(target, "c", lines=5)
        target.close()
        found = lines(source)
        assert last.wait(_SECONDS) == 0
    assert sum(line.startswith(b"c") for line in found) == 5
    # No more than what the pipe had room for, and the line that was begun.
    assert 0 < len(found) - 5 < 10


def test_a_writer_that_stands_still_holds_up_nobody(start: Start, tmp_path: Path) -> None:
    import fcntl

    source, target = pipe()
    with source, target:
        assert start(target, "a", lines=1).wait(_SECONDS) == 0
        [lock] = tmp_path.glob("*.lock")
        with open(lock) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert start(target, "b", patience=0.5).wait(_SECONDS) == 0
        assert start(target, "c", lines=1).wait(_SECONDS) == 0
        target.close()
        assert [line[:1] for line in lines(source)] == [b"a", b"c"]
