"""Measures what shipping a task's log costs the task, and how far the store is behind it:
`./pants run benchmarks/task_logs.py`.

One task prints 100,000 lines, by turns with Airflow's own handlers and with ours, against a store
on loopback. Another is killed with all that could ship its log, and what is missing then is
measured. Takes about ten minutes.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Dict, List

# It gives Airflow a home of its own, and has to come first.
import astronomer.runtime.conftest  # noqa: F401
from astronomer.runtime.logging.conftest import Machine, connections, eventually, numbered_lines
from astronomer.runtime.testing.s3 import S3

from benchmarks.measure import table

LINES, RUNS, DEATHS = 100_000, 5, 5

_TALK = f"""
def work():
    wall, cpu = time.monotonic(), time.process_time()
    for number in range({LINES}):
        print("this is line number", number, "of a task that has a lot to say")
    with open(os.environ["RESULT"], "w") as file:
        print(time.monotonic() - wall, time.process_time() - cpu, file=file)
"""

_OURS = {"AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "astro_s3_logging"}
_STOCK = {**_OURS, "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": ""}
_LOCAL = {"AIRFLOW__LOGGING__REMOTE_LOGGING": "False"}


@dataclass
class Variant:
    """One way to handle logs, and the seconds it took."""

    what: str
    environ: Dict[str, str]
    records: bool = False
    store_is_up: bool = True

    lines: List[float] = field(default_factory=list)
    """Seconds for the lines alone."""

    cpu: List[float] = field(default_factory=list)
    """Seconds of the task's own processor time for the lines alone."""

    tasks: List[float] = field(default_factory=list)
    """Seconds for the task, from the start of its process to its end."""

    def run(self, folder: Path, database: Path, s3: S3) -> None:
        """Run the task once more."""
        name = f"{self.what}-{len(self.lines)}"
        home, result = folder / re.sub(r"\W", "-", name), folder / "seconds"
        environ = {
            # Airflow's own handler uses what it finds of the user's.
            "AIRFLOW_CONN_ASTRO_S3_LOGGING": connections(s3)["AIRFLOW_CONN_ASTRO_S3_LOGGING"],
            "AIRFLOW__ASTRONOMER__TASK_LOG_JSON": str(home / "records") if self.records else "",
            "RESULT": str(result),
            **self.environ,
        }
        machine = Machine(home, database, environ)
        if not self.store_is_up:
            s3.stop()
        try:
            begin = time.monotonic()
            if machine.start_task(_TALK, name).wait(600):
                raise SystemExit(f"{name} failed:\n{machine.printed()[-3000:]}")
            self.tasks.append(time.monotonic() - begin)
            wall, cpu = map(float, result.read_text().split())
            self.lines.append(wall)
            self.cpu.append(cpu)
        finally:
            machine.close()
            if not self.store_is_up:
                s3.start()

    def row(self, stock: Variant) -> List[str]:
        """Cells of the table that people read."""
        cells = [self.what]
        for mine, its in (
            (self.lines, stock.lines),
            (self.cpu, stock.cpu),
            (self.tasks, stock.tasks),
        ):
            cells += [f"{median(mine):.2f} s", f"{median(mine) / median(its):.2f}"]
        return cells


def lag(folder: Path, database: Path, s3: S3, number: int) -> float:
    """Seconds before its end, when all on its machine is killed, up to which a log is shipped."""
    machine = Machine(folder / f"killed-{number}", database, connections(s3))
    elsewhere = Machine(folder / f"elsewhere-{number}", database, connections(s3))
    try:
        task = machine.start_task(numbered_lines(every=0.02), f"killed-{number}")
        before = len(s3.keys())
        eventually(lambda: len(s3.keys()) > before + 5)
        # Anywhere between two shipments.
        time.sleep(1 + number / 7)
        machine.kill(task, shippers=True)
        killed = time.time()
        line = re.compile(r"INFO - line (\d+) ([\d.]+)$", re.MULTILINE)
        shipped = {int(each) for each, _ in line.findall(elsewhere.read(f"killed-{number}"))}
        missing = [
            float(moment)
            for each, moment in line.findall(machine.printed())
            if int(each) not in shipped
        ]
        return killed - min(missing, default=killed)
    finally:
        machine.close()


def main() -> None:
    from airflow.utils import db

    db.initdb()
    database = Path(astronomer.runtime.conftest._home.name, "airflow.db")
    stock = Variant("Airflow's own, S3", _STOCK)
    variants = [
        stock,
        Variant("Airflow's own, local files", {**_STOCK, **_LOCAL}),
        Variant("ours, S3", _OURS),
        Variant("ours, S3 down", _OURS, store_is_up=False),
        Variant("Airflow's own, local files, with our JSON records", _LOCAL, records=True),
        Variant("ours, S3, with JSON records", _OURS, records=True),
    ]
    s3 = S3()
    # The reader is in this process.
    os.environ.update(connections(s3))
    with tempfile.TemporaryDirectory(prefix="task-logs-") as name:
        folder = Path(name)
        for number in range(RUNS):
            print(f"Run {number + 1} of {RUNS}", file=sys.stderr)
            for variant in variants:
                variant.run(folder, database, s3)
        lags = [lag(folder, database, s3, number) for number in range(DEATHS)]
    s3.stop()
    head = [
        f"{LINES} lines, median of {RUNS}",
        "lines",
        "ratio",
        "its CPU",
        "ratio",
        "task",
        "ratio",
    ]
    print(table([head, *(variant.row(stock) for variant in variants)]))
    print(
        f"\nNot shipped when all was killed: the last {max(lags):.2f} s at most, of {DEATHS} tries."
    )
    output = Path("dist/benchmarks/task_logs.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    figures = {
        each.what: {"lines": each.lines, "cpu": each.cpu, "tasks": each.tasks} for each in variants
    }
    output.write_text(json.dumps({"seconds": figures, "lags": lags}, indent=2) + "\n")


if __name__ == "__main__":
    main()
