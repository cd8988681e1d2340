from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest
from astronomer.runtime import process_table
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.process_table import ProcessTable, look_at, send


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    started = subprocess.Popen(["sleep", "600"], preexec_fn=end_with_parent)
    yield started
    started.kill()
    started.wait()


def test_a_process_stands_below_what_started_it(sleeper: "subprocess.Popen[bytes]") -> None:
    table = ProcessTable.read()
    assert sleeper.pid in [each.pid for each in table.children(os.getpid())]
    assert sleeper.pid in [each.pid for each in table.descendants(os.getppid())]
    assert table.processes[sleeper.pid].resident > 0


def test_a_name_cannot_lie_about_its_process(tmp_path: Path) -> None:
    program = tmp_path / ") Z 1 (1 1"
    program.write_text("#!/bin/sh\nread line\n")
    program.chmod(0o700)
    with subprocess.Popen([program], stdin=subprocess.PIPE) as started:
        found = look_at(started.pid)
    assert found is not None and found.parent == os.getpid() and found.state != "Z"


def test_processes_that_go_while_they_are_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "13").mkdir()
    (tmp_path / "13/stat").write_text("13 (half")
    (tmp_path / "14").mkdir()
    (tmp_path / "14/stat").write_text(f"14 (sh) S 1 {'0 ' * 17}77 4096 25 0\n")
    (tmp_path / "self").mkdir()
    assert list(ProcessTable.read(tmp_path).processes) == [14]


def test_parents_in_a_circle_end_the_search() -> None:
    """As a table shows them that was read while pids were used anew."""
    circle = [process_table.Process(pid, parent, "S", 1, 0) for pid, parent in ((2, 3), (3, 2))]
    table = ProcessTable({each.pid: each for each in circle})
    assert [each.pid for each in table.descendants(2)] == [3]


@pytest.mark.parametrize("has_handles", [True, False])
def test_a_signal_reaches_its_process_alone(
    sleeper: "subprocess.Popen[bytes]", has_handles: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_handles:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    found = look_at(sleeper.pid)
    assert found is not None
    # As one that had the pid before it.
    send(found._replace(began=found.began - 1), signal.SIGKILL)
    time.sleep(0.2)
    assert sleeper.poll() is None
    send(found, signal.SIGKILL)
    assert sleeper.wait(timeout=30) == -signal.SIGKILL
    # Nobody is there.
    send(found, signal.SIGKILL)
