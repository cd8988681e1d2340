"""What the image's `/entrypoint` runs, at every start of a container.

What it imports for every command names types only where type checkers look: `typing` and
`collections` would take longer than all that happens here.
"""

from __future__ import annotations

import os
import sys

from astronomer.runtime.entrypoint import identity, process, settings
from astronomer.runtime.entrypoint.airflow_cli import component_of, needs_broker, needs_database
from astronomer.runtime.entrypoint.command import understand
from astronomer.runtime.entrypoint.lineage import disable_unused_lineage
from astronomer.runtime.entrypoint.platform import set_security_variables
from astronomer.runtime.errors import StartError
from astronomer.runtime.messages import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence


def main() -> int:
    """Run the command that the container was given; return its exit code, or why it cannot be."""
    try:
        code = start(sys.argv[1:], os.environ)
    except StartError as error:
        say(str(error))
        code = error.exit_code
    if settings.TASK_POD in os.environ:
        from astronomer.runtime.entrypoint.task_pod import end_proxy

        end_proxy(understand(sys.argv[1:]), os.environ)
    return code


def start(arguments: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Make ready what the command needs, and become it, or attend it and return its exit code.

    Raises StartError if refused.
    """
    process.end_on_signals()
    os.umask(identity.UMASK)
    identity.adopt(environ, os.getuid())
    advice = identity.home_advice(environ, os.getuid(), {os.getgid(), *os.getgroups()})
    if advice:
        say(advice)
    connection = settings.share_connection(environ)
    disable_unused_lineage(environ)
    command = understand(arguments)
    components = [name for name in map(component_of, command.airflow) if name]
    if settings.RUNTIME_EXECUTOR in environ:
        from astronomer.runtime.entrypoint.runtime_executor import choose_executor

        choose_executor(command.airflow, environ, connection)
    set_security_variables(environ, components, files_may_come=command.prepares)
    if any(needs_database(words) or needs_broker(words) for words in command.airflow):
        # Imported here, so that `airflow version` and other programs start without it.
        from astronomer.runtime.entrypoint.readiness import make_ready

        make_ready(command.airflow, environ, connection)
    if components:
        from importlib.util import find_spec

        from astronomer.runtime.entrypoint.concurrency import choose_defaults
        from astronomer.runtime.entrypoint.executor import set_executor
        from astronomer.runtime.entrypoint.pid_files import remove_stale

        choose_defaults(components, environ)
        set_executor(command.airflow, environ)
        # An image with Airflow 3, which ships by itself, does not hold ours.
        if find_spec("astronomer.runtime.logging"):
            from astronomer.runtime.entrypoint.log_shipper import start_shipper

            start_shipper(components, environ)
        remove_stale(components, identity.airflow_home(environ))
    if components or settings.TASK_POD in environ:
        from astronomer.runtime.entrypoint.attendance import attend_where_needed

        code = attend_where_needed(command, components, environ)
        if code is not None:
            return code
    process.become(command.argv, environ)
