"""`astronomer-runtime runner`: runs the tasks of queues, as the Runtime executor gives them."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from typing import Callable

from astronomer.runtime.errors import StartError
from astronomer.runtime.executor.isolation.task_process import Ended
from astronomer.runtime.executor.quantities import shown_cpu, shown_memory
from astronomer.runtime.executor.runner.assignments import Assignment
from astronomer.runtime.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--queues", help="parted by commas (default: Airflow's default queue)")
    parser.add_argument("--name", help="unlike those of all other runners (default: the host's)")
    parser.add_argument("--cpu", help='cores for tasks, as in "1.5" (default: the container\'s)')
    parser.add_argument("--memory", help='for tasks, as in "4Gi" (default: the container\'s)')
    parser.add_argument("--slots", help="slots for tasks (default: 16)")


def run(arguments: argparse.Namespace) -> int:
    """Run tasks until it is told to end; 0 then, else the code of what was refused."""
    # Imported here, so that the help does not wait for the driver.
    from astronomer.runtime.executor.connection import of_environment
    from astronomer.runtime.executor.isolation.warm_parent import WarmParent
    from astronomer.runtime.executor.runner.loop import Runner
    from astronomer.runtime.executor.runner.settings import read

    try:
        settings = read(arguments, os.environ)
        database = of_environment(os.environ)
        report = reporter(settings.identity.name, settings.logs_json)
        Runner(database, settings.identity, settings.drain_seconds, WarmParent(), report).run()
    except StartError as error:
        say(str(error))
        return error.exit_code
    return 0


def reporter(runner: str, as_json: bool) -> Callable[[Assignment, Ended, float], None]:
    """Writes a line for each task that has ended: who, where, asked, used, how long, and how."""

    def report(assignment: Assignment, ended: Ended, seconds: float) -> None:
        if as_json:
            who = {"event": "task ended", "runner": runner, **assignment.as_record()}
            how = {**asdict(ended), "cpu_seconds": round(ended.cpu_seconds, 3)}
            print(json.dumps({**who, **how, "seconds": round(seconds, 3)}), flush=True)
        else:
            print(as_text(runner, assignment, ended, seconds), flush=True)

    return report


def as_text(runner: str, assignment: Assignment, ended: Ended, seconds: float) -> str:
    """The line for people."""
    asked = [f"{assignment.slots} slot{'' if assignment.slots == 1 else 's'}"]
    if assignment.memory_bytes:
        asked.insert(0, shown_memory(assignment.memory_bytes))
    if assignment.cpu_millis:
        asked.insert(0, shown_cpu(assignment.cpu_millis))
    if ended.reason:
        how = f"was ended. {ended.reason.rstrip('.')}"
    elif ended.signal is not None:
        how = f"ended by signal {ended.signal}"
    else:
        how = "succeeded" if ended.exit_code == 0 else f"ended with exit code {ended.exit_code}"
    return (
        f"{assignment.name} on {runner}: asked for {', '.join(asked)}; used"
        f" {shown_memory(ended.peak_memory_bytes)} at most and {ended.cpu_seconds:.1f} s of CPU;"
        f" ran {seconds:.1f} s; {how}"
    )
