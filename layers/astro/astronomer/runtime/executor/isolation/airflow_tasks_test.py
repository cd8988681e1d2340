"""Tasks of a real Airflow, in forks of a warm parent that has loaded it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from astronomer.runtime.concurrency.resources import MIB
from astronomer.runtime.executor.isolation.conftest import ended
from astronomer.runtime.executor.isolation.task_process import Limits, TaskProcess
from astronomer.runtime.executor.isolation.warm_parent import WarmParent
from astronomer.runtime.logging.conftest import eventually, make_run
from astronomer.runtime.process_table import ProcessTable, children, look_at


class AirflowRunner:
    """A runner of Airflow's tasks, with a database and a folder of DAGs."""

    def __init__(self, folder: Path) -> None:
        self.dags = folder
        self.warm = WarmParent(use_cgroups=False)

    def start(self, function: str, run_id: str, limits: Limits = Limits()) -> TaskProcess:
        """Start the task of a new run; what it does is a function `work`."""
        make_run(self.dags, function, run_id)
        argv = ["airflow", "tasks", "run", "dag", "task", run_id, "--local", "--subdir"]
        return self.warm.start([*argv, str(self.dags / "dag.py")], limits, run_id)

    def told(self) -> List[Any]:
        path = self.dags / "told"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def tell(self) -> str:
        """Source of a function that tells this test a value."""
        return f"""
import json, os, signal, sys
def tell(value):
    with open({str(self.dags / "told")!r}, "a") as file:
        file.write(json.dumps(value) + "\\n")
"""

    def warm_parent(self) -> int:
        assert self.warm._process is not None
        supervisor = self.warm._process.pid
        return int(eventually(lambda: children(supervisor))[0])


@pytest.fixture
def runner(
    tmp_path: Path, airflow_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    made = AirflowRunner(tmp_path)
    yield made
    made.warm.close()


def state_of(run_id: str) -> Any:
    from airflow.models import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(TaskInstance.state).filter_by(task_id="task", run_id=run_id).scalar()


def test_a_task_runs_to_success(runner: AirflowRunner) -> None:
    end = ended(runner.start("def work():\n    print('at work')", "success"))
    assert (end.exit_code, end.reason, state_of("success")) == (0, "", "success")
    assert end.cpu_seconds > 0


def test_a_task_that_fails_is_written_as_failed(runner: AirflowRunner) -> None:
    ended(runner.start("def work():\n    raise ValueError", "failure"))
    assert state_of("failure") == "failed"


def test_the_warm_parent_has_one_thread_and_no_connection(runner: AirflowRunner) -> None:
    ended(runner.start("def work(): pass", "connections"))
    parent = runner.warm_parent()
    files = []
    for entry in os.listdir(f"/proc/{parent}/fd"):
        target = os.readlink(f"/proc/{parent}/fd/{entry}")
        if int(entry) > 2:
            files.append(target.partition(":")[0])
    # Its channel to the supervisor.
    assert files == ["socket"]
    assert os.listdir(f"/proc/{parent}/task") == [str(parent)]


def test_a_task_s_environment_is_the_runner_s(runner: AirflowRunner) -> None:
    code = runner.tell + "def work():\n    tell(dict(os.environ))"
    ended(runner.start(code, "environ"))
    (seen,) = runner.told()
    added = {name for name in seen if seen[name] != os.environ.get(name)}
    assert {name for name in added if not name.startswith(("AIRFLOW_CTX_", "_AIRFLOW"))} <= {
        "ASTRONOMER_RUNTIME_STARTER",
        "TMPDIR",
        # Of the test itself, which began after the runner.
        "PYTEST_CURRENT_TEST",
    }


def test_a_task_above_its_request_fails_at_once_and_says_why(runner: AirflowRunner) -> None:
    code = "def work():\n    import time\n    taken = b'x' * (400 * 2**20)\n    time.sleep(600)"
    end = ended(runner.start(code, "memory", Limits(memory_bytes=200 * MIB)))
    assert "asked for 200 MiB" in end.reason
    # Airflow's supervisor of the task was left to write it.
    assert (end.exit_code, state_of("memory")) == (0, "failed")


def test_a_task_that_is_told_to_stop_is_failed_by_its_supervisor(runner: AirflowRunner) -> None:
    code = runner.tell + "def work():\n    import time\n    tell(1)\n    time.sleep(600)"
    task = runner.start(code, "stop")
    eventually(runner.told)
    task.stop(60, "The runner drains.")
    assert ended(task).reason == "The runner drains."
    assert state_of("stop") == "failed"


def test_the_task_ends_with_all_that_is_above_it(runner: AirflowRunner) -> None:
    code = runner.tell + "def work():\n    import time\n    tell(os.getpid())\n    time.sleep(600)"
    task = runner.start(code, "orphan")
    (raw,) = eventually(runner.told)
    assert runner.warm._process is not None
    above = [runner.warm._process.pid]
    above += [each.pid for each in ProcessTable.read().descendants(above[0]) if each.pid != raw]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in above:
            os.kill(pid, number)

    def is_gone() -> bool:
        found = look_at(raw)
        return found is None or found.state == "Z"

    eventually(is_gone)
    assert "supervises" in ended(task).reason


def test_a_plugin_that_has_changed_is_seen_by_the_next_task(
    runner: AirflowRunner, request: pytest.FixtureRequest
) -> None:
    plugin = Path(os.environ["AIRFLOW_HOME"], "plugins/probe.py")
    plugin.parent.mkdir(exist_ok=True)
    request.addfinalizer(plugin.unlink)
    look = (
        runner.tell + "def work():\n    from airflow.macros import probe\n    tell(probe.value())"
    )
    for number in range(2):
        plugin.write_text(
            "from airflow.plugins_manager import AirflowPlugin\n"
            f"def value():\n    return {number}\n"
            "class Probe(AirflowPlugin):\n    name = 'probe'\n    macros = [value]\n"
        )
        ended(runner.start(look, f"plugin-{number}"))
    assert runner.told() == [0, 1]


def test_forks_have_most_of_their_memory_in_common(runner: AirflowRunner) -> None:
    code = runner.tell + "def work():\n    import time\n    tell(os.getpid())\n    time.sleep(3)"
    end = ended(runner.start(code, "memory-of-sleep"))
    assert 0 < end.peak_memory_bytes < 80 * MIB
