"""A runner whose tasks are any programs, as a process of its own.

Its arguments are a name and the seconds of its lease and of its draining; the database is the one
of Airflow's variables.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any, List, Sequence

from astronomer.runtime.errors import StartError
from astronomer.runtime.executor.connection import of_environment
from astronomer.runtime.executor.runner.command import reporter
from astronomer.runtime.executor.runner.loop import Runner
from astronomer.runtime.executor.runner.registration import Capacity, Identity
from astronomer.runtime.executor.runner.tasks import PlainStarter

ISOLATION = "astronomer.runtime.executor.isolation"


def project_files() -> List[Any]:
    """As `airflow_tasks` has it: none whose change would matter."""
    return []


def warm_up() -> None:
    """As `airflow_tasks` has it: programs share nothing that could be loaded before."""


def run(command: Sequence[str]) -> int:
    """As `airflow_tasks` has it: run a task in this process."""
    return subprocess.run(command).returncode


def starter() -> Any:
    """The one of the package, for any program."""
    if find_spec(ISOLATION) is None:
        return PlainStarter()
    from importlib import import_module

    return import_module(f"{ISOLATION}.warm_parent").WarmParent(preload=__name__)


def main() -> int:
    name, lease, drain = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    identity = Identity(name, ("default",), "test", Capacity(4000, 8 * 2**30, 16), lease)
    try:
        report = reporter(name, as_json=True)
        Runner(of_environment(os.environ), identity, drain, starter(), report).run()
    except StartError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    # By its own name, which the warm parent imports.
    from astronomer.runtime.testing import runner

    sys.exit(runner.main())
