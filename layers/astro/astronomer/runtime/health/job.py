"""Health of components that send heartbeats to the database: scheduler and triggerer."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Mapping

from astronomer.runtime import database
from astronomer.runtime.health.addresses import database_address
from astronomer.runtime.health.result import Health
from astronomer.runtime.time_bound import within

JOB_TYPES = {"scheduler": "SchedulerJob", "triggerer": "TriggererJob"}

_HOSTNAME = "AIRFLOW__CORE__HOSTNAME_CALLABLE"
_THRESHOLD = "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD"


def check_job(component: str, environ: Mapping[str, str], seconds: float) -> Health:
    """Ask the database for the heartbeat of this host's job.

    Args:
        component: A key of `JOB_TYPES`.
        environ: The component's variables.
        seconds: Bound of all of it.
    """
    address = database_address(environ)
    if not address:
        return Health(component, True, "the database is named where only Airflow can read it")
    threshold = float(environ.get(_THRESHOLD) or 30)
    host, url = hostname(environ), address
    try:
        age = within(
            seconds,
            lambda: database.seconds_since_heartbeat(url, JOB_TYPES[component], host, int(seconds)),
        )
    except Exception as error:
        # What is wrong is not ours to say: the driver's text may hold the password.
        reason = f"the database cannot be asked ({type(error).__name__})"
        return Health(component, False, reason, outside=True)
    if age is None:
        return Health(component, False, f"no running job of host {host} is in the database")
    text = f"the last heartbeat of host {host} is {age:.0f} s old"
    return Health(component, age <= threshold, f"{text}, {threshold:.0f} s are allowed")


def hostname(environ: Mapping[str, str]) -> str:
    """This host's name as Airflow writes it into the database.

    Source: `get_hostname` in airflow/utils/net.py.
    """
    path = (environ.get(_HOSTNAME) or "socket.getfqdn").replace(":", ".")
    if path in ("socket.getfqdn", "airflow.utils.net.getfqdn"):
        return socket.getfqdn()
    if path == "airflow.utils.net.get_host_ip_address":
        # As Airflow has it, without importing Airflow for it.
        return socket.gethostbyname(socket.getfqdn())
    module, _, name = path.rpartition(".")
    return str(getattr(import_module(module), name)())
