"""Runners for tests, whose tasks are Python code in forks of a warm parent without Airflow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import pytest
from astronomer.runtime.executor.isolation.task_process import Ended, Limits, TaskProcess
from astronomer.runtime.executor.isolation.warm_parent import WarmParent
from astronomer.runtime.logging.conftest import eventually
from astronomer.runtime.process_table import look_at

PRELOAD = "astronomer.runtime.testing.isolated_tasks"


class Runner:
    """A `WarmParent` in this process."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.warm = WarmParent(preload=PRELOAD, **options)

    def start(self, code: str, limits: Limits = Limits()) -> TaskProcess:
        """Start a task; the code may use `tell(value)`, which the task's `told` file gets."""
        return self.warm.start(["python", script(code, self.folder)], limits)

    def run(self, code: str, limits: Limits = Limits()) -> Ended:
        return ended(self.start(code, limits))

    def told(self) -> List[Any]:
        return told(self.folder)

    def supervisor(self) -> int:
        """Its pid."""
        assert self.warm._process is not None
        return self.warm._process.pid


def script(code: str, folder: Path) -> str:
    """Code with what tests' tasks need in front."""
    head = f"""
        import os, sys, time, signal
        def tell(value):
            import json
            with open({str(folder / "told")!r}, "a") as file:
                file.write(json.dumps(value) + "\\n")
    """
    return textwrap.dedent(head) + textwrap.dedent(code)


def told(folder: Path) -> List[Any]:
    """What tasks have told, in the order in which they did."""
    path = folder / "told"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def ended(task: TaskProcess) -> Ended:
    found = eventually(task.poll)
    assert isinstance(found, Ended)
    return found


def lives(pid: int) -> bool:
    """Whether a process is there, and has not ended."""
    found = look_at(pid)
    return found is not None and found.state not in "ZX"


@pytest.fixture
def runners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Runner]]:
    """Makes runners, each with variables of its own; without cgroups unless that is asked for."""
    made: List[Runner] = []

    def make(use_cgroups: bool = False, **environ: str) -> Runner:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        made.append(Runner(tmp_path, use_cgroups=use_cgroups))
        return made[-1]

    yield make
    for each in made:
        each.warm.close()


@pytest.fixture
def runner(runners: Callable[..., Runner]) -> Runner:
    """One without cgroups."""
    return runners()


_PROGRAM = """
import json, sys, time
from astronomer.runtime.executor.isolation.warm_parent import WarmParent

warm = WarmParent(preload=sys.argv[1], use_cgroups=False)
if sys.argv[2]:
    warm.keep_lease(float(sys.argv[2]))
tasks = [warm.start(["python", code]) for code in json.loads(sys.argv[3])]
print(warm._process.pid, flush=True)
while True:
    for task in tasks:
        task.poll()
    time.sleep(0.05)
"""


class OtherRunner:
    """A runner in a process of its own, that can be killed."""

    def __init__(self, codes: List[str], folder: Path, lease: Optional[float] = None) -> None:
        scripts = json.dumps([script(code, folder) for code in codes])
        arguments = [PRELOAD, "" if lease is None else str(lease), scripts]
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.supervisor = int(self.process.stdout.readline())

    def told(self) -> List[Any]:
        return told(self.folder)

    def close(self) -> None:
        for pid in (self.process.pid, self.supervisor):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def other_runner(tmp_path: Path) -> Iterator[Callable[..., OtherRunner]]:
    """Starts one with the code of its tasks."""
    made: List[OtherRunner] = []

    def start(*codes: str, **options: Any) -> OtherRunner:
        made.append(OtherRunner(list(codes), tmp_path, **options))
        return made[-1]

    yield start
    for each in made:
        each.close()
