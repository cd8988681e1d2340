"""Health of a Celery worker: its process runs, and it answers by way of the broker and takes tasks.

Not every worker can be asked, and not everything that keeps an answer away is the worker's fault.
Then its process alone tells.
"""

from __future__ import annotations

import socket
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from astronomer.runtime.component import CeleryWorker, celery_worker
from astronomer.runtime.health.celery_options import CeleryOptions, celery_options
from astronomer.runtime.health.process import check_process
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within

_NAME = "celery worker"

Queues = Sequence[Dict[str, Any]]


def check_worker(
    argv: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
    pid: Optional[int] = None,
    worker: Optional[CeleryWorker] = None,
) -> Health:
    """Look at the worker of this container, and ask it which queues it takes tasks from.

    Args:
        argv: Words of the component's command; `--celery-hostname` counts.
        environ: Its variables.
        seconds: Bound of each of two questions: one to the broker, one to the worker.
        pid: Its process; None where this container was started for something else.
        worker: What its process says of itself; None looks for it.
    """
    worker = worker or celery_worker(pid)
    pid = worker.pid if worker else pid
    if pid is not None:
        process = check_process(_NAME, pid)
        if not process.healthy:
            return process
    if worker and worker.is_ending:
        reason = f"{worker.node} finishes what it runs and takes no more tasks"
        return Health(_NAME, False, reason, outside=True)
    options = celery_options(environ)
    node = worker.node if worker else node_name(argv)
    return _ask_all(node, options, seconds, pid)


def _ask_all(node: str, options: CeleryOptions, seconds: float, pid: Optional[int]) -> Health:
    if not options.config:
        return _by_process(pid, f"only Airflow knows {options.unknown}")
    urls = _alternatives(options.config["broker_url"])
    unreached = ""
    unasked = ""
    for url in urls:
        answer = _ask(node, url, options, seconds / len(urls))
        if answer.queues:
            names = ", ".join(sorted(str(queue["name"]) for queue in answer.queues))
            return Health(_NAME, True, f"{node} takes tasks from {names}")
        if answer.queues is not None:
            return Health(_NAME, False, f"{node} answers and takes no tasks")
        unreached = unreached or answer.unreached
        unasked = unasked or answer.unasked
    if options.unknown:
        return _by_process(pid, f"only Airflow knows {options.unknown}")
    if unreached:
        reason = f"the broker cannot be reached ({unreached})"
        return Health(_NAME, False, reason, outside=True)
    if options.deaf:
        return _by_process(pid, options.deaf)
    if unasked:
        reason = f"{node} cannot be asked by way of the broker ({unasked})"
        return Health(_NAME, False, reason, outside=True)
    return Health(_NAME, False, f"{node} does not answer by way of the broker")


class _Answer(NamedTuple):
    """What came of asking by way of one broker."""

    queues: Optional[Queues] = None
    """None where the worker did not answer."""

    unreached: str = ""
    """Why the broker was not reached."""

    unasked: str = ""
    """Why it could not pass on the question."""


def _ask(node: str, url: str, options: CeleryOptions, seconds: float) -> _Answer:
    # Not within the bound of the broker: on a busy machine the import alone takes seconds.
    from celery import Celery

    app = Celery(set_as_current=False)
    app.conf.update(options.config)
    bounds = {"socket_connect_timeout": seconds} if _is_redis(url) else {}
    try:
        connection = app.connection_for_write(
            url, connect_timeout=seconds, transport_options=bounds
        )
        within(seconds, lambda: _reach(connection))
    except Exception as error:
        # What is wrong is not ours to say: its text may hold the password.
        return _Answer(unreached=type(error).__name__)
    if options.deaf:
        return _Answer()
    try:
        return _Answer(within(seconds, lambda: _queues(app, connection, node, seconds / 2)))
    except Exception as error:
        return _Answer(unasked=type(error).__name__)


def _alternatives(url: str) -> List[str]:
    """Brokers of which a worker uses any one; several of Sentinel's watch the same."""
    return [url] if url.startswith("sentinel") else [each for each in url.split(";") if each]


def _is_redis(url: str) -> bool:
    return url.startswith(("redis", "sentinel"))


def _by_process(pid: Optional[int], why: str) -> Health:
    process = check_process(_NAME, pid)
    return process._replace(reason=f"{process.reason}; it cannot be asked, as {why}")


def _reach(connection: Any) -> None:
    # Raises at once where the broker is down, rather than trying for as long as it takes.
    connection.ensure_connection(max_retries=0)


def _queues(app: Any, connection: Any, node: str, seconds: float) -> Optional[Queues]:
    inspect = app.control.inspect([node], timeout=seconds, limit=1, connection=connection)
    found: Optional[Queues] = (inspect.active_queues() or {}).get(node)
    return found


def node_name(argv: Sequence[str]) -> str:
    """The worker's name among its fellows, as its command has it."""
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
