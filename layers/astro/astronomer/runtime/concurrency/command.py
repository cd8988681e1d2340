"""`astronomer-runtime config`: which concurrency a component has here, and why."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Dict, List

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.component import environment_of, running_component
from astronomer.runtime.concurrency.defaults import Default, defaults, without_ours
from astronomer.runtime.concurrency.resources import Resources, measure

COMPONENTS = ("scheduler", "celery worker", "webserver", "dag-processor", "standalone")

_HEADINGS = ("variable", "value", "from", "why", "Airflow's own")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--component",
        choices=COMPONENTS,
        help="as if the container ran it; by default the one that it does run, else all",
    )
    parser.add_argument("--json", action="store_true", help="for programs to read")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 1 where the container's limits cannot be read."""
    running = running_component()
    environ: Dict[str, str] = dict(os.environ)
    if running:
        try:
            # A process that gave itself a title has lost its own; a command has the container's.
            environ.update(environment_of(running.pid))
        except OSError as error:
            # Of another user: what this process was given is the best there is.
            print(f"astronomer-runtime: {error}; shown for this process.", file=sys.stderr)
    without_ours(environ)
    try:
        resources = measure()
    except (OSError, ValueError) as error:
        print(f"astronomer-runtime: the container's limits are unknown: {error}", file=sys.stderr)
        return 1
    names = [arguments.component or (running.name if running else "")]
    names = names if names[0] in COMPONENTS else list(COMPONENTS)
    sources = Sources(environ)
    found = {name: defaults(name, resources, sources) for name in names}
    print(_json(resources, found) if arguments.json else _tables(resources, found))
    return 0


def _json(resources: Resources, found: Dict[str, List[Default]]) -> str:
    document = {
        "resources": resources._asdict(),
        "components": {
            name: [each._asdict() for each in settings] for name, settings in found.items()
        },
    }
    return json.dumps(document, indent=2)


def _tables(resources: Resources, found: Dict[str, List[Default]]) -> str:
    lines = [
        f"{resources.cpus:g} CPUs ({resources.cpus_from}),"
        f" {resources.memory // 2**20} MiB of memory ({resources.memory_from})"
    ]
    for name, settings in found.items():
        rows = [_HEADINGS, *((s.variable, s.value, s.source, s.why, s.stock) for s in settings)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        lines += ["", name if settings else f"{name}: nothing to choose"]
        for row in rows if settings else ():
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(lines)
