"""Health of components that send heartbeats to the database."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

from astronomer.runtime import database
from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.health import event_loop
from astronomer.runtime.health.addresses import database_address
from astronomer.runtime.health.hostname import hostname
from astronomer.runtime.health.project_code import load
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within


class _Job(NamedTuple):
    type: str

    thresholds: Tuple[Tuple[str, str], ...]
    """Options with the seconds that a heartbeat may be old; the first one that Airflow has counts,
    and a job without any does not exist in that release."""


_SCHEDULER = ("scheduler", "scheduler_health_check_threshold")

_JOBS = {
    "scheduler": _Job("SchedulerJob", (_SCHEDULER,)),
    # Airflow before 2.7 has no option of its own for it.
    "triggerer": _Job(
        "TriggererJob", (("triggerer", "triggerer_health_check_threshold"), _SCHEDULER)
    ),
    "dag-processor": _Job("DagProcessorJob", (("dag_processor", "health_check_threshold"),)),
}


def sends_heartbeats(component: str, environ: Mapping[str, str]) -> bool:
    """Whether a component of the installed Airflow sends heartbeats."""
    sources = Sources(environ)
    job = _JOBS.get(component)
    return job is not None and any(sources.has(*name) for name in job.thresholds)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def check_job(
    component: str,
    environ: Mapping[str, str],
    seconds: float,
    pid: Optional[int] = None,
    clock: Callable[[], datetime] = _now,
) -> Health:
    """Ask the database for the heartbeat of this host's job.

    Args:
        component: One that sends heartbeats.
        environ: The component's variables.
        seconds: Bound of all of it.
        pid: The component's process, where this container runs it.
        clock: Gives the time as this host has it.
    """
    address = database_address(environ)
    if not address:
        return Health(component, True, "the database is named where only Airflow can read it")
    url, end = address, time.monotonic() + seconds
    job, sources = _JOBS[component], Sources(environ)
    try:
        host = within(seconds, lambda: hostname(sources))
    except Exception as error:
        reason = f"[core] hostname_callable cannot be called ({type(error).__name__})"
        return Health(component, False, reason, outside=True)
    try:
        left = max(1.0, end - time.monotonic())
        latest = within(left, lambda: _heartbeat(url, job, host, sources, int(left)))
    except Exception as error:
        # What is wrong is not ours to say: the driver's text may hold the password.
        reason = f"the database cannot be asked ({type(error).__name__})"
        return Health(component, False, reason, outside=True)
    if latest is None:
        return Health(component, False, f"no running job of host {host} is in the database")
    # The component writes the time of its own clock, which is this one: whether the database's
    # agrees does not matter. A time that is ahead was written before this clock was set back.
    age = abs((clock() - latest).total_seconds())
    allowed = _threshold(job, sources)
    text = f"the last heartbeat of host {host} is {age:.0f} s old, {allowed:g} s are allowed"
    if age > allowed:
        return Health(component, False, text)
    if component == "triggerer" and pid is not None and _is_blocked(pid, sources):
        return Health(component, False, "it sends heartbeats, and its event loop stands still")
    return Health(component, True, text)


def _threshold(job: _Job, sources: Sources) -> float:
    name = next((name for name in job.thresholds if sources.has(*name)), job.thresholds[-1])
    try:
        return float(sources.value(*name))
    except ValueError:
        return 30.0


def _heartbeat(
    url: str, job: _Job, host: str, sources: Sources, seconds: int
) -> Optional[datetime]:
    arguments = sources.value("database", "sql_alchemy_connect_args")
    given: Mapping[str, Any] = load(arguments, sources) if arguments else {}
    schema = sources.value("database", "sql_alchemy_schema") or None
    return database.latest_heartbeat(url, job.type, host, seconds, schema, given)


def _is_blocked(pid: int, sources: Sources) -> bool:
    if sources.has("triggerer", "runner_health_check_threshold"):
        # Airflow itself stops the heartbeat.
        return False
    try:
        return not event_loop.runs(pid)
    except OSError:
        return False
