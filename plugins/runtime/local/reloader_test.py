from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from runtime.local import reloader
from runtime.local.reloader import Changes

_SECONDS = 30


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Reloaded:
    """A shell command that is run again when `watched` changes.

    Args:
        folder: Of the test's own; the command runs there.
        text: The command.
    """

    def __init__(self, folder: Path, text: str) -> None:
        self.watched = folder / "watched"
        self.watched.write_text("")
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-u", str(reloader.__file__), f"--watch={self.watched}"),
                    *("--", "bash", "-c", text),
                ],
                cwd=folder,
                stdout=log,
                stderr=log,
            )

    def edit(self) -> None:
        """Change what is watched."""
        self.watched.write_text(self.watched.read_text() + ".")

    @property
    def output(self) -> str:
        """All that it and the command printed."""
        return self._log.read_text()


@contextmanager
def reloaded(folder: Path, text: str) -> Iterator[Reloaded]:
    made = Reloaded(folder, text)
    try:
        yield made
    finally:
        made.process.terminate()
        made.process.wait(_SECONDS)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


# The second process leaves its session, and its parent ends, as daemons do.
_PROCESSES = """
echo $$ >>pids
(setsid sh -c 'echo $$ >>pids; trap "" TERM; while :; do sleep 1; done' &)
sleep 600
"""


def pids(folder: Path) -> "list[int]":
    file = folder / "pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_an_edit_ends_all_processes_of_a_command_and_starts_it_again(tmp_path: Path) -> None:
    with reloaded(tmp_path, _PROCESSES) as command:
        wait_until(lambda: len(pids(tmp_path)) == 2)
        before = pids(tmp_path)
        command.edit()
        wait_until(lambda: len(pids(tmp_path)) == 4)
        assert not any(map(runs, before))
        assert f"{command.watched} changed: starting again\n" in command.output
    assert not any(map(runs, pids(tmp_path)))


def test_a_command_that_ends_before_any_edit_ends_its_container(tmp_path: Path) -> None:
    assert Reloaded(tmp_path, "exit 7").process.wait(_SECONDS) == 7
    assert Reloaded(tmp_path, "kill -KILL $$").process.wait(_SECONDS) == 128 + signal.SIGKILL


def test_a_command_that_an_edit_breaks_waits_for_the_next_edit(tmp_path: Path) -> None:
    text = "echo $$ >>pids; [ ! -s watched ] || [ $(wc -c <watched) = 2 ] || exit 3; sleep 600"
    with reloaded(tmp_path, text) as command:
        wait_until(lambda: len(pids(tmp_path)) == 1)
        command.edit()
        wait_until(lambda: "ended with exit code 3; an edit starts it again\n" in command.output)
        assert command.process.poll() is None
        command.edit()
        wait_until(lambda: len(pids(tmp_path)) == 3)
        assert runs(pids(tmp_path)[-1])


def test_a_file_that_another_one_replaces_has_changed(tmp_path: Path) -> None:
    with reloaded(tmp_path, "echo $$ >>pids; sleep 600") as command:
        wait_until(lambda: len(pids(tmp_path)) == 1)
        draft = tmp_path / "draft"
        draft.write_text("")
        os.utime(draft, (1, 1))
        draft.replace(command.watched)
        wait_until(lambda: len(pids(tmp_path)) == 2)


def test_what_is_made_edited_or_removed_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    (folder / "deep").mkdir(parents=True)
    edited, removed, single = folder / "deep" / "edited.py", folder / "removed.py", tmp_path / "one"
    for file in (edited, removed, single):
        file.write_text("before")
    changes = Changes([folder, single])
    assert changes.since_last() == []

    edited.write_text("afterwards")
    removed.unlink()
    single.write_text("afterwards")
    (folder / "made.py").write_text("")

    made = str(folder / "made.py")
    assert changes.since_last() == sorted([str(edited), str(removed), str(single), made])
    assert changes.since_last() == []


def test_what_editors_and_python_write_beside_sources_is_no_change(tmp_path: Path) -> None:
    changes = Changes([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_text("")
    (tmp_path / ".module.py.swp").write_text("")

    assert changes.since_last() == []
