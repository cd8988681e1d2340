from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from debian.sandbox.bootstrap import _remove_abandoned, workspace

ENTER = """
import sys
from debian.sandbox.bootstrap import workspace
with workspace(0) as folder:
    (folder / "file").write_text("")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def build() -> "subprocess.Popen[str]":
    """Another process in a workspace of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", ENTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )


def folder_of(build: "subprocess.Popen[str]") -> Path:
    assert build.stdout is not None
    return Path(build.stdout.readline().strip())


def test_a_workspace_is_gone_after_its_build(build: "subprocess.Popen[str]") -> None:
    folder = folder_of(build)
    assert (folder / "file").exists()

    build.communicate("")

    assert not folder.exists()


def test_what_a_killed_build_left_goes_with_the_next_and_nothing_else(
    build: "subprocess.Popen[str]",
) -> None:
    left = folder_of(build)
    build.send_signal(signal.SIGKILL)
    build.wait()
    assert left.exists()

    with workspace(0) as folder:
        assert not left.exists()
        _remove_abandoned(folder.parent)
        assert folder.exists()
