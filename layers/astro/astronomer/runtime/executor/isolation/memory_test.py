"""A task above its request ends, and its neighbours live: by a monitor, and by real cgroups."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any, Callable

import pytest
from astronomer.runtime.concurrency.resources import MIB
from astronomer.runtime.executor.isolation.cgroup import Cgroups
from astronomer.runtime.executor.isolation.conftest import Runner, ended, lives
from astronomer.runtime.executor.isolation.ends_test import DAEMONISE
from astronomer.runtime.executor.isolation.task_process import Limits, TaskProcess
from astronomer.runtime.logging.conftest import eventually

LIMIT = Limits(cpu_millis=500, memory_bytes=100 * MIB)

TAKE = """
def take(mebibytes):
    taken = bytearray(mebibytes * 2**20)
    # Written, or the kernel would not give it.
    taken[::4096] = bytes([1]) * len(taken[::4096])
    return taken
"""

# As Airflow has it: a process that supervises, and below it the task.
SUPERVISED = (
    TAKE
    + """
def supervise(mebibytes):
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        tell(os.getpid()); taken = take(mebibytes); time.sleep(600)
    _, status = os.waitpid(pid, 0)
    tell(["status", status]); sys.exit(3)
"""
)


@pytest.fixture(params=["monitor", "cgroup"])
def holding(request: Any, runners: Callable[..., Runner]) -> Runner:
    """A runner with and without cgroups."""
    if request.param == "cgroup":
        skip_without_cgroups()
    return runners(use_cgroups=request.param == "cgroup")


def skip_without_cgroups() -> None:
    found = Cgroups.find()
    if found is None:
        pytest.skip("This user may make no cgroups of v1 or v2 with a limit of memory here.")
    found.close()


def sleeper(runner: Runner) -> TaskProcess:
    """A neighbour that keeps to its request."""
    return runner.start(TAKE + "taken = take(30); tell('sleeps'); time.sleep(600)", LIMIT)


def test_what_holds_tasks_is_told(holding: Runner) -> None:
    holding.run("pass")
    uses_cgroups = "cgroups" in holding.warm._arguments
    assert holding.warm.isolation.startswith("cgroup v" if uses_cgroups else "monitor")


def test_a_task_above_its_request_ends_and_its_neighbours_live(holding: Runner) -> None:
    neighbours = [sleeper(holding) for _ in range(2)]
    eventually(lambda: len(holding.told()) == 2)
    end = ended(holding.start(TAKE + "taken = take(400); time.sleep(600)", LIMIT))
    assert end.signal == signal.SIGKILL
    assert "asked for 100 MiB" in end.reason and "memory" in end.reason
    assert end.peak_memory_bytes > 60 * MIB
    assert [task.poll() for task in neighbours] == [None, None]


def test_the_process_that_supervises_the_task_says_what_became_of_it(holding: Runner) -> None:
    end = ended(holding.start(SUPERVISED + "supervise(400)", LIMIT))
    assert (end.exit_code, end.signal) == (3, None)
    assert "asked for 100 MiB" in end.reason
    assert holding.told()[1] == ["status", signal.SIGKILL]


def test_the_reason_is_known_before_the_task_has_ended(holding: Runner) -> None:
    task = holding.start(
        SUPERVISED + "signal.signal(signal.SIGCHLD, lambda *_: time.sleep(5))\nsupervise(400)",
        LIMIT,
    )
    eventually(lambda: task.reason)
    assert task.poll() is None
    assert "100 MiB" in task.reason == ended(task).reason


def test_memory_of_a_daemon_is_its_task_s(holding: Runner) -> None:
    code = DAEMONISE.replace('"import time; time.sleep(600)"', repr(_DAEMON)) + "daemonise()\n"
    end = ended(holding.start(code + "time.sleep(600)", LIMIT))
    assert "asked for 100 MiB" in end.reason
    assert not lives(holding.told()[0])


_DAEMON = (
    "import time; t = bytearray(400 * 2**20); t[::4096] = bytes([1]) * len(t[::4096]);"
    " time.sleep(600)"
)


def test_memory_of_many_small_processes_is_added(holding: Runner) -> None:
    code = TAKE + "for _ in range(8):\n    if not os.fork():\n        t = take(40); time.sleep(600)"
    end = ended(holding.start(code + "\ntime.sleep(600)", LIMIT))
    assert "asked for 100 MiB" in end.reason


def test_what_forks_have_in_common_counts_once(holding: Runner) -> None:
    code = TAKE + "t = take(60)\nfor _ in range(4):\n    if not os.fork():\n        time.sleep(3)"
    code += "\n        os._exit(0)\nfor _ in range(4):\n    os.wait()"
    end = ended(holding.start(code, LIMIT))
    assert (end.exit_code, end.reason) == (0, "")
    assert 55 * MIB < end.peak_memory_bytes < 100 * MIB


def test_a_task_without_a_request_has_no_limit(holding: Runner) -> None:
    end = holding.run(TAKE + "taken = take(300); time.sleep(2)")
    assert (end.exit_code, end.reason) == (0, "")
    assert end.peak_memory_bytes > 290 * MIB


def test_pages_shared_with_the_warm_parent_are_not_the_task_s(runner: Runner) -> None:
    end = runner.run("time.sleep(1.5)", Limits(memory_bytes=20 * MIB))
    assert (end.exit_code, end.reason) == (0, "")


def test_a_cgroup_goes_with_its_task(runners: Callable[..., Runner]) -> None:
    skip_without_cgroups()
    runner = runners(use_cgroups=True)
    runner.start("tell(open('/proc/self/cgroup').read()); time.sleep(600)", LIMIT)
    (groups,) = eventually(runner.told)
    runner.warm.close()
    paths = {line.split(":", 2)[2] for line in groups.splitlines()}
    assert any("astronomer-tasks-" in path for path in paths)
    assert not list(Path("/sys/fs/cgroup").glob("**/astronomer-tasks-*/1"))


def test_a_quota_holds_an_eager_task_back(runners: Callable[..., Runner]) -> None:
    skip_without_cgroups()
    burn = "end = time.monotonic() + 3\nwhile time.monotonic() < end: pass"
    limits = Limits(cpu_millis=100, memory_bytes=100 * MIB, cap_cpu=True)
    end = runners(use_cgroups=True).run(burn, limits)
    assert end.cpu_seconds < 1.5
