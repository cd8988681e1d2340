"""Health of a Celery worker: it answers by way of the broker, and takes tasks."""

from __future__ import annotations

import socket
from typing import Any, Dict, Mapping, Optional, Sequence

from astronomer.runtime.health.addresses import broker_address
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within

_NAME = "celery worker"


def check_worker(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> Health:
    """Ask the worker of this container which queues it takes tasks from.

    Args:
        argv: Words of the component's command; `--celery-hostname` counts.
        environ: Its variables.
        seconds: Bound of each of two questions: one to the broker, one to the worker.
    """
    address = broker_address(environ)
    if not address:
        return Health(_NAME, True, "the broker is named where only Airflow can read it")
    node = node_name(argv)
    # Not within the bound of the broker: on a busy machine the import alone takes seconds.
    from celery import Celery

    app = Celery(broker=address, set_as_current=False)
    try:
        within(seconds, lambda: _reach(app, seconds))
    except Exception as error:
        reason = f"the broker cannot be reached ({type(error).__name__})"
        return Health(_NAME, False, reason, outside=True)
    try:
        queues = within(seconds, lambda: _queues(app, node, seconds / 2))
    except Exception as error:
        reason = f"{node} cannot be asked by way of the broker ({type(error).__name__})"
        return Health(_NAME, False, reason)
    if queues is None:
        return Health(_NAME, False, f"{node} does not answer by way of the broker")
    names = ", ".join(sorted(str(queue["name"]) for queue in queues))
    if not queues:
        return Health(_NAME, False, f"{node} answers and takes no tasks")
    return Health(_NAME, True, f"{node} takes tasks from {names}")


def node_name(argv: Sequence[str]) -> str:
    """The worker's name among its fellows."""
    given = ""
    for place, word in enumerate(argv):
        if word in ("-H", "--celery-hostname") and place + 1 < len(argv):
            given = argv[place + 1]
        elif word.startswith("--celery-hostname="):
            given = word.partition("=")[2]
    host = socket.gethostname()
    name, _, domain = host.partition(".")
    for mark, value in (("%h", host), ("%n", name), ("%d", domain)):
        given = given.replace(mark, value)
    if not given:
        return f"celery@{host}"
    return given if "@" in given else f"celery@{given}"


def _reach(app: Any, seconds: float) -> None:
    with app.connection_for_write(connect_timeout=seconds) as connection:
        # Raises at once where the broker is down, rather than trying for as long as it takes.
        connection.ensure_connection(max_retries=0)


def _queues(app: Any, node: str, seconds: float) -> Optional[Sequence[Dict[str, Any]]]:
    answers = app.control.inspect([node], timeout=seconds, limit=1).active_queues() or {}
    queues: Optional[Sequence[Dict[str, Any]]] = answers.get(node)
    return queues
