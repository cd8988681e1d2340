from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Callable

import pytest
from astronomer.runtime.executor.isolation.conftest import Runner, ended, lives
from astronomer.runtime.executor.isolation.task_process import Limits
from astronomer.runtime.logging.conftest import eventually

WARM_PARENT = "from astronomer.runtime.testing import isolated_tasks; "


def warm_parent(runner: Runner) -> int:
    runner.run(WARM_PARENT + "tell(isolated_tasks.loaded_in)")
    return int(runner.told()[-1])


def test_a_task_is_a_fork_that_tells_how_it_ended(runner: Runner) -> None:
    task = runner.start(WARM_PARENT + "tell([os.getpid(), isolated_tasks.loaded_in]); sys.exit(3)")
    end = ended(task)
    assert (end.exit_code, end.signal, end.reason) == (3, None, "")
    pid, loaded_in = runner.told()[0]
    assert task.pid == pid != loaded_in


def test_a_task_that_raises_ends_with_1(runner: Runner) -> None:
    assert runner.run("raise ValueError").exit_code == 1


def test_the_signal_that_ends_a_task_is_told(runner: Runner) -> None:
    end = runner.run("os.kill(os.getpid(), signal.SIGSEGV)")
    assert (end.exit_code, end.signal, end.reason) == (None, signal.SIGSEGV, "")


def test_a_task_that_is_killed_from_outside_has_a_sentence(runner: Runner) -> None:
    end = runner.run("os.kill(os.getpid(), signal.SIGKILL)", Limits(memory_bytes=2**30))
    assert end.signal == signal.SIGKILL
    assert "SIGKILL from outside" in end.reason and "1024 MiB" in end.reason


def test_processor_time_is_that_of_all_processes(runner: Runner) -> None:
    end = runner.run(
        """
        import subprocess
        burn = "import time\\nwhile time.process_time() < 0.3: pass"
        subprocess.run([sys.executable, "-c", burn])
        while time.process_time() < 0.3: pass
        """
    )
    assert end.cpu_seconds >= 0.6


def test_tasks_have_sessions_groups_and_temporary_folders_of_their_own(runner: Runner) -> None:
    code = """
        import tempfile
        folder = tempfile.mkdtemp()
        tell([os.getsid(0) == os.getpgid(0) == os.getpid(), os.environ["TMPDIR"], folder])
    """
    for _ in range(2):
        runner.run(code)
    (leads, first, inside), (_, second, _) = runner.told()
    assert leads and first != second and inside.startswith(first + os.sep)
    eventually(lambda: not os.path.exists(first))


def test_a_folder_that_a_task_has_filled_and_locked_is_removed(runner: Runner) -> None:
    runner.run(
        """
        folder = os.environ["TMPDIR"]
        os.makedirs(folder + "/a/b")
        for number in range(2000):
            open(f"{folder}/a/b/{number}", "w").close()
        os.symlink("/", folder + "/link")
        os.chmod(folder + "/a/b", 0); os.chmod(folder + "/a", 0o500); os.chmod(folder, 0)
        tell(folder)
        """
    )
    eventually(lambda: not os.path.exists(runner.told()[0]))
    assert os.path.exists("/etc")


def test_nothing_of_the_warm_parent_crosses_the_fork(runner: Runner) -> None:
    code = """
        import random, threading
        links = (os.path.join("/proc/self/fd", each) for each in os.listdir("/proc/self/fd"))
        targets = [os.readlink(each) for each in links if os.path.lexists(each)]
        handlers = {
            each.name: str(signal.getsignal(each))
            for each in signal.Signals if signal.getsignal(each) != signal.SIG_DFL
        }
        blocked = [str(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, [])]
        tell({
            "random": [random.random(), os.urandom(4).hex()],
            "sockets": [each for each in targets if each.startswith("socket:")],
            "pipes": [each for each in targets[3:] if each.startswith(("pipe:", "/"))],
            "handlers": handlers, "blocked": blocked,
            "threads": [threading.active_count(), len(os.listdir("/proc/self/task"))],
            "environ": sorted(os.environ),
        })
    """
    for _ in range(2):
        runner.run(code)
    one, other = runner.told()
    assert not set(one["random"]) & set(other["random"])
    assert one["sockets"] == [] and one["blocked"] == [] and one["threads"] == [1, 1]
    assert one["pipes"] == []
    assert set(one["handlers"]) <= {"SIGINT", "SIGPIPE", "SIGXFSZ", "SIGKILL", "SIGSTOP"}
    assert "default_int_handler" in one["handlers"]["SIGINT"]
    assert set(one["environ"]) - set(os.environ) == {"ASTRONOMER_RUNTIME_STARTER", "TMPDIR"}


def test_numpy_begins_anew_in_each_fork(runners: Callable[..., Runner]) -> None:
    pytest.importorskip("numpy")
    runner = runners(WARM_UP="numpy")
    for _ in range(2):
        runner.run("import numpy; tell(numpy.random.random())")
    one, other = runner.told()
    assert one != other


def test_a_warm_parent_that_dies_is_replaced_and_its_tasks_go_on(runner: Runner) -> None:
    parent = warm_parent(runner)
    task = runner.start("tell('begun'); time.sleep(1); tell('done')")
    eventually(lambda: "begun" in runner.told())
    os.kill(parent, signal.SIGKILL)
    assert warm_parent(runner) != parent
    assert ended(task).exit_code == 0 and "done" in runner.told()


def test_tasks_start_once_however_often_the_warm_parent_dies(runner: Runner) -> None:
    parent = warm_parent(runner)
    tasks = [runner.start(f"tell({number})") for number in range(20)]
    # In the midst of it.
    os.kill(parent, signal.SIGKILL)
    ends = [ended(task) for task in tasks]
    assert [end.exit_code for end in ends] == [0] * 20
    assert sorted(runner.told()[1:]) == list(range(20))


def test_a_file_that_has_changed_is_what_the_next_task_sees(
    tmp_path: Path, runners: Callable[..., Runner]
) -> None:
    file = tmp_path / "plugin.py"
    file.write_text("first")
    runner = runners(PROJECT_FILE=str(file))
    code = WARM_PARENT + "tell(isolated_tasks.loaded)"
    runner.run(code)
    runner.run(code)
    file.write_text("second")
    runner.run(code)
    assert runner.told() == ["first", "first", "second"]


def test_what_cannot_be_loaded_refuses_tasks(runners: Callable[..., Runner]) -> None:
    runner = runners(WARM_UP="fail")
    end = runner.run("tell('begun')")
    assert "could not be started" in end.reason and "its own messages" in end.reason
    assert (end.exit_code, end.signal, runner.told()) == (None, None, [])


def test_with_a_thread_in_the_warm_parent_tasks_get_new_interpreters(
    runners: Callable[..., Runner]
) -> None:
    runner = runners(WARM_UP="thread")
    assert runner.run("tell('astronomer.runtime' in sys.modules)").exit_code == 0
    assert runner.told() == [False]


def test_a_command_that_is_too_long_is_refused(runner: Runner) -> None:
    assert "too long" in runner.run("pass #" + "x" * 2**19).reason
    assert runner.run("pass").exit_code == 0


def test_closing_ends_all_tasks(runner: Runner) -> None:
    tasks = [runner.start("tell(os.getpid()); time.sleep(600)") for _ in range(3)]
    eventually(lambda: len(runner.told()) == 3)
    pids = runner.told()
    runner.warm.close()
    assert not any(lives(pid) for pid in pids)
    assert all("told to end" in ended(task).reason for task in tasks)
    with pytest.raises(RuntimeError):
        runner.start("pass")


def test_a_supervisor_that_is_killed_is_replaced_and_its_tasks_end(runner: Runner) -> None:
    task = runner.start("tell([os.getpid(), os.getppid()]); time.sleep(600)")
    (pid, attendant), *_ = eventually(runner.told)
    os.kill(runner.supervisor(), signal.SIGKILL)
    assert "supervises" in ended(task).reason
    eventually(lambda: not lives(pid) and not lives(attendant))
    assert runner.run("tell('next')").exit_code == 0


def test_stop_lets_a_task_say_goodbye(runner: Runner) -> None:
    task = runner.start(
        """
        def leave(*_):
            tell("goodbye"); sys.exit(7)
        signal.signal(signal.SIGTERM, leave); tell("begun"); time.sleep(600)
        """
    )
    eventually(runner.told)
    task.stop(30, "The runner drains.")
    task.stop(30, "Another reason.")
    end = ended(task)
    assert (end.exit_code, end.reason) == (7, "The runner drains.")
    assert runner.told()[-1] == "goodbye"


def test_stop_kills_what_ignores_sigterm(runner: Runner) -> None:
    code = "signal.signal(signal.SIGTERM, signal.SIG_IGN); tell('begun'); time.sleep(600)"
    task = runner.start(code)
    eventually(runner.told)
    task.stop(0.2, "The runner drains.")
    end = ended(task)
    assert (end.signal, end.reason) == (signal.SIGKILL, "The runner drains.")


def test_a_task_can_be_stopped_before_it_has_begun(runner: Runner) -> None:
    task = runner.start("tell('begun')")
    task.stop(0, "Not wanted.")
    assert "Not wanted." in ended(task).reason
    time.sleep(0.5)
    assert runner.told() == []


def test_a_task_that_fills_its_standard_output_holds_up_nobody(
    runners: Callable[..., Runner]
) -> None:
    read, write = os.pipe()
    saved = os.dup(1)
    os.dup2(write, 1)
    try:
        runner = runners()
        fills = runner.start("tell('begun'); os.write(1, b'x' * 2**22)")
        eventually(runner.told)
        assert runner.run("tell('neighbour')").exit_code == 0
        assert fills.poll() is None
        fills.stop(0, "It waits for a reader.")
        assert ended(fills).signal == signal.SIGKILL
    finally:
        os.dup2(saved, 1)
        for each in (read, write, saved):
            os.close(each)
