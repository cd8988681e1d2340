"""Where a component's database and broker are, as Airflow would find them."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

from astronomer.runtime.airflow_options import OnlyAirflowReads, Sources
from astronomer.runtime.entrypoint.settings import share_connection


def database_address(environ: Mapping[str, str]) -> Optional[str]:
    """The database's URL; None where only Airflow can read it.

    Where nobody named one it is Airflow's default, a file in its folder. Raises ConfigurationError
    where a command that prints it fails.
    """
    # As the entrypoint gives it to the component: under both names.
    shared: Dict[str, str] = dict(environ)
    share_connection(shared)
    return _read(shared, "database", "sql_alchemy_conn")


def broker_address(environ: Mapping[str, str]) -> Optional[str]:
    """The broker's URL, by default Airflow's own; None and errors as for the database."""
    return _read(environ, "celery", "broker_url")


def _read(environ: Mapping[str, str], section: str, option: str) -> Optional[str]:
    try:
        return Sources(environ).value(section, option) or None
    except OnlyAirflowReads:
        return None
