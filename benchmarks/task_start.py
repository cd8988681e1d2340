"""Measures what starting a task costs, and what memory each sleeping one takes:
`./pants run benchmarks/task_start.py -- --database=postgresql+psycopg2://...`.

Empty tasks of a real Airflow are started by turns in each way: a new interpreter, a fork of a
process that has imported Airflow, and a fork of the runner's warm parent. Then tasks that sleep are
started from the warm parent, and as new interpreters. Prints two tables; `--json` prints what they
say for machines. Takes about five minutes. Without a database it is sqlite, which tasks wait for.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Callable, Dict, List, NamedTuple, Tuple

# It gives Airflow a home of its own, and has to come first.
import astronomer.runtime.conftest  # noqa: F401
from astronomer.runtime.executor.isolation.proportional_memory import memory_of
from astronomer.runtime.executor.isolation.task_process import Limits, TaskProcess
from astronomer.runtime.executor.isolation.warm_parent import AIRFLOW, WarmParent
from astronomer.runtime.logging.conftest import eventually, make_run
from astronomer.runtime.process_table import ProcessTable

from benchmarks.measure import table

MIB = 2**20

EMPTY = "def work(): pass"
SLEEP = "def work(): time.sleep(600)"


class Cost(NamedTuple):
    """Seconds of one task, from the request until its end."""

    cpu: float
    wall: float


def command(dags: Path, run_id: str) -> List[str]:
    argv = ["airflow", "tasks", "run", "dag", "task", run_id, "--local"]
    return [*argv, "--subdir", str(dags / "dag.py")]


def state_of(run_id: str) -> object:
    from airflow.models import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(TaskInstance.state).filter_by(run_id=run_id).scalar()


def by_new_interpreter(argv: List[str]) -> Cost:
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", *argv], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, time.monotonic() - began)


def by_fork(parent: WarmParent) -> Callable[[List[str]], Cost]:
    def start(argv: List[str]) -> Cost:
        began = time.monotonic()
        task = parent.start(argv)
        while task.poll() is None:
            time.sleep(0.002)
        end = task.poll()
        assert end is not None and end.exit_code == 0, end
        return Cost(end.cpu_seconds, time.monotonic() - began)

    return start


def measure_starts(dags: Path, count: int) -> List[Dict[str, object]]:
    """Take turns; what each way costs."""
    parents = [WarmParent("benchmarks.imported_airflow"), WarmParent(AIRFLOW)]
    ways: Dict[str, Callable[[List[str]], Cost]] = {
        "a new interpreter": by_new_interpreter,
        "fork of a process that has imported Airflow": by_fork(parents[0]),
        "fork of the warm parent": by_fork(parents[1]),
    }
    costs: Dict[str, List[Cost]] = {what: [] for what in ways}
    # The first of each reads from the disk, and waits for the parent.
    for number in range(count + 1):
        for what, way in ways.items():
            run_id = f"{number}-{len(what)}-{time.time_ns()}"
            make_run(dags, EMPTY, run_id)
            costs[what].append(way(command(dags, run_id)))
            # One that Airflow does not let run ends quickly, and well.
            assert state_of(run_id) == "success", f"{what}: the task is {state_of(run_id)}"
    for parent in parents:
        parent.close()
    return [
        {
            "way": what,
            "runs": count,
            "cpu_seconds": round(median(cost.cpu for cost in found[1:]), 3),
            "wall_seconds": round(median(cost.wall for cost in found[1:]), 3),
        }
        for what, found in costs.items()
    ]


def proportional(pid: int) -> Tuple[int, int]:
    """Bytes of a process and all below it, and how many tasks' own processes there are."""
    processes = ProcessTable.read()
    total = tasks = 0
    for each in [processes.processes[pid], *processes.descendants(pid)]:
        memory = memory_of(each.pid)
        total += memory.private + memory.shared if memory else 0
        try:
            title = Path(f"/proc/{each.pid}/cmdline").read_bytes()
        except OSError:
            continue
        tasks += title.startswith(b"airflow task runner")
    return total, tasks


def measure_memory(dags: Path, count: int) -> List[Dict[str, object]]:
    """What each of some sleeping tasks takes, by the way it was started."""
    found: List[Dict[str, object]] = []
    parent = WarmParent(AIRFLOW, use_cgroups=False)
    assert parent._process is not None
    eventually(parent.start(["airflow", "version"]).poll)
    running: List[TaskProcess] = []
    at_rest, _ = proportional(parent._process.pid)
    supervisor = parent._process.pid
    for number in range(count):
        run_id = f"sleep-{number}-{time.time_ns()}"
        make_run(dags, SLEEP, run_id)
        running.append(parent.start(command(dags, run_id), Limits(memory_bytes=512 * MIB)))
    eventually(lambda: proportional(supervisor)[1] >= count, 300)
    time.sleep(5)
    each = (proportional(supervisor)[0] - at_rest) / count / MIB
    found.append({"way": "fork of the warm parent", "mib_for_each_task": round(each, 1)})
    found.append({"way": "supervisor and warm parent alone", "mib": round(at_rest / MIB, 1)})
    parent.close()
    started = []
    for number in range(min(count, 4)):
        run_id = f"sleep-new-{number}-{time.time_ns()}"
        make_run(dags, SLEEP, run_id)
        argv = [sys.executable, "-m", *command(dags, run_id)]
        started.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
    eventually(lambda: all(proportional(each.pid)[1] for each in started), 300)
    time.sleep(5)
    total = sum(proportional(each.pid)[0] for each in started)
    each = total / len(started) / MIB
    found.append({"way": "a new interpreter", "mib_for_each_task": round(each, 1)})
    for process in started:
        process.terminate()
        process.wait()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for machines to read")
    parser.add_argument("--runs", type=int, default=9, help="of each way (default: 9)")
    parser.add_argument("--sleeping", type=int, default=20, help="tasks (default: 20)")
    parser.add_argument("--database", help="URL of a database that is Airflow's, or empty")
    arguments = parser.parse_args()
    if arguments.database:
        for section in ("CORE", "DATABASE"):
            os.environ[f"AIRFLOW__{section}__SQL_ALCHEMY_CONN"] = arguments.database
    os.environ["OPENLINEAGE_DISABLED"] = "true"
    os.environ["AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG"] = "1000"
    from airflow.utils import db

    db.initdb()
    with tempfile.TemporaryDirectory() as folder:
        starts = measure_starts(Path(folder), arguments.runs)
        memory = measure_memory(Path(folder), arguments.sleeping)
    if arguments.json:
        print(json.dumps({"starts": starts, "memory": memory}, indent=2))
        return
    rows = [[str(value) for value in each.values()] for each in starts]
    print(table([["an empty task", "runs", "CPU s", "wall s"], *rows]))
    rows = [[str(value) for value in each.values()] for each in memory]
    print(table([["proportional memory of a sleeping task", "MiB"], *rows]))


if __name__ == "__main__":
    main()
