"""What ends with whom."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Callable

from astronomer.runtime.executor.isolation.conftest import OtherRunner, Runner, ended, lives
from astronomer.runtime.logging.conftest import eventually
from astronomer.runtime.process_table import ProcessTable, look_at

# A daemon as textbooks have it: two forks and a session, nobody's child, with a folder and an
# environment of its own. It tells its pid.
DAEMONISE = """
def daemonise():
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    tell(os.getpid())
    os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"], {})
"""

DAEMON_AND_SLEEP = DAEMONISE + "daemonise(); tell(os.getpid()); time.sleep(600)"


def pids(told: Callable[[], list], count: int) -> list:
    eventually(lambda: len(told()) >= count)
    return told()


def test_a_daemon_ends_with_the_task_that_left_it(runner: Runner) -> None:
    neighbour = runner.start("time.sleep(600)")
    task = runner.start(DAEMONISE + "daemonise(); time.sleep(1); sys.exit(5)")
    (daemon,) = pids(runner.told, 1)
    assert lives(daemon)
    assert ended(task).exit_code == 5
    assert not lives(daemon)
    assert neighbour.poll() is None


def test_a_task_that_forks_without_end_is_ended(runner: Runner) -> None:
    # Each starts another and ends, so that no pid stays; some stay for their number.
    task = runner.start(
        """
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        tell(os.getpid())
        for _ in range(20):
            if not os.fork():
                end = time.monotonic() + 30
                while time.monotonic() < end:
                    if os.fork():
                        os._exit(0)
                    os.setsid()
                os._exit(0)
        time.sleep(600)
        """
    )
    pids(runner.told, 1)
    time.sleep(0.5)
    task.stop(0, "Too many.")
    assert ended(task).reason == "Too many."
    supervisor = runner.supervisor()
    # The warm parent alone, and what removes folders for a moment.
    eventually(lambda: len(list(ProcessTable.read().descendants(supervisor))) == 1)


def test_a_large_tree_is_ended_with_its_task(runner: Runner) -> None:
    task = runner.start(
        """
        for _ in range(300):
            if not os.fork():
                time.sleep(600)
        tell("begun"); time.sleep(600)
        """
    )
    eventually(runner.told)
    task.stop(0, "Too many.")
    ended(task)
    supervisor = runner.supervisor()
    eventually(lambda: len(list(ProcessTable.read().descendants(supervisor))) == 1)


def test_daemons_that_have_ended_leave_no_zombies_to_the_task(runner: Runner) -> None:
    task = runner.start(
        """
        for _ in range(20):
            if not os.fork():
                os._exit(os.fork() and 0)
        for _ in range(20):
            os.wait()
        tell("begun"); time.sleep(600)
        """
    )
    eventually(runner.told)
    leader = look_at(task.pid or 0)
    assert leader is not None
    attendant = leader.parent
    eventually(lambda: len(list(ProcessTable.read().descendants(attendant))) == 1)


def test_what_a_killed_attendant_leaves_is_ended(runner: Runner) -> None:
    neighbour = runner.start("time.sleep(600)")
    task = runner.start(DAEMON_AND_SLEEP)
    found = pids(runner.told, 2)
    leader = look_at(task.pid or 0)
    assert leader is not None
    os.kill(leader.parent, signal.SIGKILL)
    assert "attended" in ended(task).reason
    assert not any(lives(pid) for pid in found)
    assert neighbour.poll() is None


def test_tasks_end_with_a_runner_that_is_killed(other_runner: Callable[..., OtherRunner]) -> None:
    runner = other_runner(DAEMON_AND_SLEEP, DAEMON_AND_SLEEP)
    found = pids(runner.told, 4)
    os.kill(runner.process.pid, signal.SIGKILL)
    eventually(lambda: not any(lives(pid) for pid in found))
    eventually(lambda: not lives(runner.supervisor))


def test_tasks_end_with_runner_supervisor_and_warm_parent(
    other_runner: Callable[..., OtherRunner]
) -> None:
    runner = other_runner(DAEMON_AND_SLEEP)
    found = pids(runner.told, 2)
    warm = [each.pid for each in ProcessTable.read().children(runner.supervisor)]
    for pid in [runner.process.pid, runner.supervisor, *warm]:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(lives(pid) for pid in found))


def test_the_first_process_of_a_task_ends_when_all_above_it_are_killed(
    other_runner: Callable[..., OtherRunner]
) -> None:
    runner = other_runner("tell(os.getpid()); time.sleep(600)")
    (leader,) = pids(runner.told, 1)
    above = [runner.process.pid, runner.supervisor]
    above += [each.pid for each in ProcessTable.read().descendants(runner.supervisor)]
    # All at once, as far as that can be: first they are stopped.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in above:
            if pid != leader:
                os.kill(pid, number)
    eventually(lambda: not lives(leader))


def test_tasks_of_a_runner_that_cannot_renew_its_lease_end(runner: Runner) -> None:
    runner.warm.keep_lease(1.5)
    task = runner.start(DAEMON_AND_SLEEP)
    found = pids(runner.told, 2)
    assert "lease" in ended(task).reason
    assert not any(lives(pid) for pid in found)
    runner.warm.keep_lease(60)
    assert runner.run("pass").exit_code == 0


def test_a_lease_that_is_renewed_lets_tasks_run(runner: Runner) -> None:
    runner.warm.keep_lease(0.6)
    task = runner.start("tell('begun'); time.sleep(2); sys.exit(4)")
    while task.poll() is None:
        runner.warm.keep_lease(0.6)
        time.sleep(0.1)
    assert ended(task).exit_code == 4


def test_tasks_of_a_runner_that_is_stopped_end_with_its_lease(
    other_runner: Callable[..., OtherRunner]
) -> None:
    runner = other_runner(DAEMON_AND_SLEEP, lease=5)
    found = pids(runner.told, 2)
    os.kill(runner.process.pid, signal.SIGSTOP)
    eventually(lambda: not any(lives(pid) for pid in found))


def test_what_works_for_all_tasks_outlives_the_one_that_had_it_started(
    runner: Runner, tmp_path: Path
) -> None:
    folder = tmp_path / "lone"
    folder.mkdir()
    module = "astronomer.runtime.testing.lone_worker"
    end = runner.run(
        f"from astronomer.runtime import lone_process\n"
        f"from pathlib import Path\nlone_process.ensure({module!r}, Path({str(folder)!r}))"
    )
    assert end.exit_code == 0
    eventually((folder / "pid").exists)
    pid, temporary = (folder / "pid").read_text().split()
    runner.run("pass")
    runner.warm.close()
    assert lives(int(pid)) and temporary == str(os.environ.get("TMPDIR"))
    os.kill(int(pid), signal.SIGKILL)


def test_nothing_but_our_own_is_started_aside(runner: Runner, tmp_path: Path) -> None:
    made = tmp_path / "made"
    (tmp_path / "theirs.py").write_text(f"open({str(made)!r}, 'w')")
    runner.run(
        f"""
        from astronomer.runtime import lone_process
        from pathlib import Path
        os.environ["PYTHONPATH"] = {str(tmp_path)!r}
        lone_process.start("theirs", Path("/"))
        import socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as starter:
            starter.connect(os.environ["ASTRONOMER_RUNTIME_STARTER"])
            for wrong in (b"", b"no JSON", b"[]", b'{{"module": 3, "environ": []}}'):
                starter.send(wrong)
        """
    )
    assert runner.run("sys.exit(6)").exit_code == 6
    assert not made.exists()
