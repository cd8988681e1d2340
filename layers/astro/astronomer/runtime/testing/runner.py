"""A runner whose tasks are any programs, as a process of its own.

Its arguments are a name and the seconds of its lease and of its draining; the database is the one
of Airflow's variables.
"""

from __future__ import annotations

import os
import sys
from typing import Any, List, NoReturn, Sequence

from astronomer.runtime.errors import StartError
from astronomer.runtime.executor import log_notes
from astronomer.runtime.executor.connection import of_environment
from astronomer.runtime.executor.isolation.warm_parent import WarmParent
from astronomer.runtime.executor.runner.command import reporter
from astronomer.runtime.executor.runner.loop import Runner
from astronomer.runtime.executor.runner.registration import Capacity, Identity


def project_files() -> List[Any]:
    """As `airflow_tasks` has it: none whose change would matter."""
    return []


def warm_up() -> None:
    """As `airflow_tasks` has it: programs share nothing that could be loaded before."""


def run(command: Sequence[str]) -> NoReturn:
    """As `airflow_tasks` has it: become a task, or what writes a note."""
    if command[0] == log_notes.WRITER:
        command = [sys.executable, "-m", *command]
    os.execvp(command[0], list(command))


def main() -> int:
    name, lease, drain = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    identity = Identity(name, ("default",), "test", Capacity(4000, 8 * 2**30, 16), lease)
    try:
        report = reporter(name, as_json=True)
        warm_parent = WarmParent(preload=__name__)
        Runner(of_environment(os.environ), identity, drain, warm_parent, report).run()
    except StartError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    # By its own name, which the warm parent imports.
    from astronomer.runtime.testing import runner

    sys.exit(runner.main())
