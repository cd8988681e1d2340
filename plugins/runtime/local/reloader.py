"""Runs a command, and again whenever files change that it is made of.

usage: reloader.py [--watch PATH ...] [--grace SECONDS] [--url URL] -- COMMAND [ARGUMENT ...]

It runs in the container, with Python alone: a process that starts again there costs less than a
container. Until the first edit it ends when the command does, with the same exit code; later it
waits for the next edit. Where the command serves URL, it says how long that took after an edit.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Dict, Iterable, Iterator, List, NoReturn, Optional, Set, Tuple

_PAUSE = 0.25
"""Seconds between two looks; an edit is complete when nothing changed for as long."""

_REAPING_PAUSE = 0.02
_ANSWER_SECONDS = 5
READY_AGAIN = "ready again"
"""How the line begins that tells of an edit that can be seen."""

_PR_SET_CHILD_SUBREAPER = 36

_State = Tuple[int, int]


class Changes:
    """Files that are watched by their times and sizes.

    Args:
        paths: Folders, with all below, and files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._before = self._now()

    def since_last(self) -> List[str]:
        """Files that were made, edited or removed since this was asked last, sorted."""
        now = self._now()
        before, self._before = self._before, now
        return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))

    def _now(self) -> Dict[str, _State]:
        return dict(state for path in self._paths for state in _states(str(path)))


def _states(path: str) -> Iterator[Tuple[str, _State]]:
    try:
        if not os.path.isdir(path):
            status = os.stat(path)
            yield path, (status.st_mtime_ns, status.st_size)
            return
        for entry in os.scandir(path):
            # What editors and Python keep beside the sources is none.
            if not entry.name.startswith(".") and entry.name != "__pycache__":
                yield from _states(entry.path)
    except FileNotFoundError:
        # It went while this looked.
        pass


class Command:
    """A command with all processes that come of it.

    Args:
        words: The program and its arguments.
        grace: Seconds that it gets to end by itself.
    """

    def __init__(self, words: List[str], grace: float) -> None:
        self._words = words
        self._grace = grace
        self._pid = 0
        self.exit_code: Optional[int] = None
        # What its children leave behind becomes a child of this process, and so is found.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(self) -> None:
        """Start it; `exit_code` is None until `reap` finds that it ended."""
        self.exit_code = None
        self._pid = os.posix_spawnp(self._words[0], self._words, os.environ, setpgroup=0)

    def reap(self) -> None:
        """Take leave of the processes that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self._pid:
                code = os.waitstatus_to_exitcode(status)
                # As a shell says it.
                self.exit_code = 128 - code if code < 0 else code

    def end(self) -> None:
        """End it, with all processes that it started."""
        deadline = time.monotonic() + self._grace
        self.reap()
        if self.exit_code is None:
            os.killpg(self._pid, signal.SIGTERM)
        while self.exit_code is None and time.monotonic() < deadline:
            time.sleep(_REAPING_PAUSE)
            self.reap()
        while True:
            children = list(_children())
            if not children:
                return
            for child in children:
                os.kill(child, signal.SIGKILL)
            time.sleep(_REAPING_PAUSE)
            self.reap()


def _children() -> Iterator[int]:
    ours = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    # The program's name, in parentheses, may hold any character.
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == ours:
                yield int(name)


class _Terminated(BaseException):
    """Somebody wants the command to end."""


def _terminate(number: int, frame: Optional[FrameType]) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise _Terminated()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS):
            return True
    except OSError:
        return False


def _say(text: str) -> None:
    print(text, flush=True)


def _run(command: Command, changes: Changes, url: str) -> int:
    command.start()
    edited: Set[str] = set()
    since = 0.0
    again = waiting = told = False
    while True:
        time.sleep(_PAUSE)
        found = changes.since_last()
        if found and not edited:
            since = time.monotonic()
        edited.update(found)
        if edited and not found:
            _say(f"{', '.join(sorted(edited)[:3])} changed: starting again")
            command.end()
            command.start()
            edited.clear()
            again, waiting, told = True, bool(url), False
        command.reap()
        if command.exit_code is not None and not told:
            if not again:
                return command.exit_code
            _say(f"ended with exit code {command.exit_code}; an edit starts it again")
            waiting, told = False, True
        if waiting and _answers(url):
            _say(f"{READY_AGAIN} after {time.monotonic() - since:.1f} s")
            waiting = False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watch", type=Path, action="append", default=[])
    parser.add_argument("--grace", type=float, default=0.0)
    parser.add_argument("--url", default="")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    command = Command(options.command, options.grace)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(command, Changes(options.watch), options.url)
    except _Terminated:
        command.end()
        code = command.exit_code or 0
    sys.exit(code)


if __name__ == "__main__":
    main()
