"""`astronomer-runtime`, the image's own command: what it knows of the container it runs in."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Optional, Sequence

_COMMANDS = {
    "config": "astronomer.runtime.concurrency.command",
    "executor": "astronomer.runtime.executor.command",
    "health": "astronomer.runtime.health.command",
    "runner": "astronomer.runtime.executor.runner.command",
}
"""Each names a module with `add_arguments(parser)` and `run(arguments) -> exit code`.

Only the one that was asked for is imported: a probe runs every few seconds.
"""

_HELP = {
    "config": "the defaults that this container's CPUs and memory call for, each with its reason",
    "executor": "what the Runtime executor's tasks wait for, and its runners",
    "health": "whether an Airflow component works: exit code 0 or 1",
    "runner": "runs tasks for the Runtime executor",
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run a command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="astronomer-runtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, module in _COMMANDS.items():
        # An image of Airflow 3 does not hold all of this package.
        if name in ("executor", "runner") and not find_spec("astronomer.runtime.executor"):
            continue
        command = commands.add_parser(name, help=_HELP[name])
        if name == chosen:
            import_module(module).add_arguments(command)
    arguments = parser.parse_args(words)
    return int(import_module(_COMMANDS[arguments.command]).run(arguments))
