"""Measures the concurrency that fits a container: `./pants run benchmarks/concurrency.py`.

The same DAGs, once with many short tasks and once with few that need memory, run on one Celery
worker whose container has 2 CPUs and 2.5 GiB: with the choice of concurrency that the image makes,
and with that of Airflow. Prints a table; `--json` prints what it says for machines. Takes up to 50
minutes on two cores. Needs the images of `./pants package versions/5.0.6:: tests/images::`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Dict, List

from benchmarks.measure import table
from tests.engine.discover import engine_address
from tests.engine.session import Engine, engine_session
from tests.engine.waiting import wait_for
from tests.high_availability.deployment import Deployment
from versions.macros import TESTED_RELEASE

_COMPONENTS = {
    "scheduler": ["airflow", "scheduler"],
    "worker": ["airflow", "celery", "worker", "--celery-hostname", "worker"],
}
_MEMORY = "2560m"

# Without a limit of its own for swap, a container may take as much again there.
_LIMITS = {"worker": {"nano_cpus": 2_000_000_000, "mem_limit": _MEMORY, "memswap_limit": _MEMORY}}

_DAG = """
import time
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator


def work(mebibytes, seconds):
    # Written, or the kernel would not give it.
    taken = b"x" * (mebibytes * 2**20)
    time.sleep(seconds)
    return len(taken)


with DAG(
    "work", start_date=datetime(2022, 7, 1), schedule_interval="@once", max_active_tasks=1000
) as dag:
    for number in range(@COUNT@):
        PythonOperator(
            task_id=f"task-{number}",
            python_callable=work,
            op_args=[@MEBIBYTES@, @SECONDS@],
            do_xcom_push=False,
            # What the kernel kills is tried again, as in production.
            retries=5,
            retry_delay=timedelta(seconds=1),
        )
"""

_SETTINGS = {
    "AIRFLOW__SCHEDULER__PARSING_PROCESSES": "1",
    # What is compared is the worker, not what the scheduler lets through.
    "AIRFLOW__CORE__PARALLELISM": "256",
}

# cgroup v2, then v1.
_KILLS = (
    "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null"
    " | sed -n 's/^oom_kill //p'"
)
# Celery writes their titles over their environments, so the settings cannot be read there.
_COUNT = "pgrep -fc ForkPoolWorker"

_BEGIN = 300
_GIVE_UP = 900
"""Seconds that a run may take."""

KINDS = {"short": (0, 1), "memory": (200, 15)}
"""MiB and seconds of a task."""


def measure(engine: Engine, kind: str, count: int, stock: bool) -> Dict[str, object]:
    """One run; what came of it."""
    images = {name: engine.load(Path("dist/images", name)) for name in ("postgres", "redis")}
    images["airflow"] = engine.load(Path(f"dist/images/{TESTED_RELEASE}"))
    mebibytes, seconds = KINDS[kind]
    dag = _DAG.replace("@COUNT@", str(count)).replace("@MEBIBYTES@", str(mebibytes))
    dag = dag.replace("@SECONDS@", str(seconds))
    deployment = Deployment(engine, images, dag, _SETTINGS, stock, _COMPONENTS, _LIMITS)
    try:
        wait_for(
            "the run to begin",
            lambda: deployment.query("SELECT 1 FROM dag_run WHERE state = 'running'"),
            _BEGIN,
            deployment.logs,
        )
        worker = deployment.containers["worker"]
        kills = restarts = 0
        last = 0
        start = time.monotonic()
        state = ""
        while not state and time.monotonic() < start + _GIVE_UP:
            time.sleep(1)
            # A container that was started again counts from zero.
            seen = int(worker.exec(["sh", "-c", _KILLS]).stdout.split("\n")[0] or last)
            kills += seen - last if seen >= last else seen
            restarts += seen < last
            last = seen
            state = deployment.query(
                "SELECT state FROM dag_run WHERE state IN ('success', 'failed')"
            )
        figures = deployment.query(
            "SELECT count(*) FILTER (WHERE state = 'success'), coalesce(sum(try_number - 1), 0),"
            " extract(epoch FROM max(end_date) - min(start_date)) FROM task_instance"
        )
        done, again, took = figures.split("|")
        return {
            "kind": kind,
            "concurrency": worker.exec(["sh", "-c", _COUNT]).stdout.strip(),
            "state": state or "given up",
            "tasks": int(done),
            "tries_beyond_the_first": int(again),
            "seconds": round(float(took)),
            "tasks_a_minute": round(60 * int(done) / float(took), 1),
            "out_of_memory_kills": kills,
            "restarts": restarts,
        }
    finally:
        deployment.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for machines to read")
    parser.add_argument("--short", type=int, default=500, help="short tasks (default: 500)")
    parser.add_argument("--memory", type=int, default=50, help="tasks with memory (default: 50)")
    arguments = parser.parse_args()
    report: List[Dict[str, object]] = []
    with engine_address() as address, engine_session(address) as engine:
        for kind, count in (("memory", arguments.memory), ("short", arguments.short)):
            for name in ("ours", "stock") if count else ():
                print(f"{count} {kind} tasks, {name}", file=sys.stderr)
                report.append({"defaults": name, **measure(engine, kind, count, name == "stock")})
                print(json.dumps(report[-1]), file=sys.stderr)
    if arguments.json:
        print(json.dumps(report, indent=2))
    elif report:
        rows = [[str(value) for value in each.values()] for each in report]
        print(table([[key.replace("_", " ") for key in report[0]], *rows]))


if __name__ == "__main__":
    main()
