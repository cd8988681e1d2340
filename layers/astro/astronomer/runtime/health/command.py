"""`astronomer-runtime health`: whether a component works; exit code 0 or 1."""

from __future__ import annotations

import argparse
import json
import os
from typing import List, Mapping, Optional, Sequence

from astronomer.runtime.component import environment_of, process_of, running_component
from astronomer.runtime.entrypoint import airflow_cli
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.health.result import Health

COMPONENTS = tuple(map(" ".join, airflow_cli.COMPONENTS))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "component",
        nargs="*",
        help="such as `scheduler` or `celery worker`; by default the one the container runs",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--live",
        action="store_true",
        help="pass while another service is down: a restart of this one would not help",
    )
    kind.add_argument(
        "--ready",
        action="store_true",
        help="fail whenever no work is done (the default)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=10,
        help="seconds that it may take (default: 10)",
    )
    parser.add_argument("--json", action="store_true", help="for programs to read")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found, one sentence; 0 healthy, 1 not, 2 an unknown component."""
    running = running_component()
    name = " ".join(arguments.component) or (running.name if running else "")
    if not name:
        print("This container runs no component of Airflow.")
        return 0
    if name == "worker":
        name = "celery worker"
    if name not in COMPONENTS:
        print(f"'{name}' is not a component; name one of: {', '.join(COMPONENTS)}.")
        return 2
    argv: Sequence[str] = ()
    pid: Optional[int] = None
    if running and running.name == name:
        pid, argv = running.pid, running.argv
        try:
            # A process that gave itself a title has lost its own; a probe has the container's.
            # Into this process, so that what options refer to is the component's as well.
            os.environ.update(environment_of(running.pid))
        except OSError:
            # Of another user.
            pass
    try:
        found = check(name, pid, argv, os.environ, arguments.timeout)
    except ConfigurationError as error:
        # A command that prints an option may fail because of another service.
        found = [Health(name, False, str(error).rstrip("."), outside=True)]
    if arguments.json:
        print(json.dumps([each._asdict() for each in found], indent=2))
    else:
        print("\n".join(f"{each.component}: {each.reason}." for each in found))
    return 0 if all(each.passes(arguments.live) for each in found) else 1


def check(
    component: str,
    pid: Optional[int],
    argv: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
) -> List[Health]:
    """Look at a component, or at all that `standalone` runs.

    Args:
        component: One of `COMPONENTS`.
        pid: Its process; None where this container runs another one.
        argv: Words of its command.
        environ: Its variables.
        seconds: Bound of each question.
    """
    # Imported one by one: a probe runs every few seconds.
    if component == "celery worker":
        from astronomer.runtime.health.worker import check_worker

        return [check_worker(argv, environ, seconds, pid)]
    if component == "runner":
        from astronomer.runtime.health.runner import check_runner

        return [check_runner(environ, seconds, pid)]
    if component in ("webserver", "api-server"):
        from astronomer.runtime.health.webserver import API_SERVER, WEBSERVER, check_server

        server = WEBSERVER if component == "webserver" else API_SERVER
        return [check_server(server, argv, environ, seconds)]
    if component == "kerberos":
        from astronomer.runtime.health.kerberos import check_kerberos

        return [check_kerberos(environ, pid)]
    from astronomer.runtime.health.job import check_job, sends_heartbeats

    if component == "standalone":
        from astronomer.runtime.airflow_version import airflow_version
        from astronomer.runtime.health.webserver import API_SERVER, WEBSERVER, check_server

        jobs = ["scheduler", "triggerer", "dag-processor"]
        server = WEBSERVER if airflow_version() < (3, 0, 0) else API_SERVER
        return [
            *(
                check_job(each, environ, seconds, process_of(each))
                for each in jobs
                if sends_heartbeats(each, environ)
            ),
            check_server(server, (), environ, seconds),
        ]
    if sends_heartbeats(component, environ):
        return [check_job(component, environ, seconds, pid)]
    from astronomer.runtime.health.process import check_process

    return [check_process(component, pid)]
