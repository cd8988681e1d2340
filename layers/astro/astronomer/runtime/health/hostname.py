"""This host's name as Airflow writes it into the database."""

from __future__ import annotations

import socket

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.health.project_code import load


def hostname(sources: Sources) -> str:
    """What `[core] hostname_callable` gives; raises whatever a callable of the project's raises.

    Airflow's own are repeated here, since to import Airflow takes seconds. Source:
    airflow/utils/net.py.
    """
    # Airflow 2 takes the colon of older releases as well.
    path = sources.value("core", "hostname_callable").replace(":", ".")
    if path == "socket.getfqdn":
        return socket.getfqdn()
    if path == "airflow.utils.net.getfqdn":
        return _canonical_name()
    if path == "airflow.utils.net.get_host_ip_address":
        return socket.gethostbyname(_name_of_release(sources))
    return str(load(path, sources)())


def _name_of_release(sources: Sources) -> str:
    # From the release on that has it, Airflow's own function is its default.
    own = sources.default("core", "hostname_callable") == "airflow.utils.net.getfqdn"
    return _canonical_name() if own else socket.getfqdn()


def _canonical_name() -> str:
    """The resolver's canonical name, where Python's own function takes the first with a dot."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        return name
    return next((canonical for _, _, _, canonical, _ in found if canonical), name)
