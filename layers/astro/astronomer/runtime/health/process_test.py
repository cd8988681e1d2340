from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Iterator

import pytest
from astronomer.runtime.health.process import check_process


@pytest.fixture
def pid() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.kill()
    process.communicate()


def eventually(pid: int, healthy: bool) -> bool:
    end = time.monotonic() + 10
    while check_process("dag-processor", pid).healthy is not healthy:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_stopped_process_is_ill_until_it_goes_on(pid: int) -> None:
    assert eventually(pid, healthy=True)
    os.kill(pid, signal.SIGSTOP)
    assert eventually(pid, healthy=False)
    os.kill(pid, signal.SIGCONT)
    assert eventually(pid, healthy=True)


def test_a_process_that_has_ended_is_ill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert eventually(pid, healthy=False)


def test_a_component_that_does_not_run_here_is_ill() -> None:
    assert not check_process("dag-processor", None).healthy
