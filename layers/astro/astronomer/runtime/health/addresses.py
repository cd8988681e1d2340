"""Where a component's database is, as Airflow would find them."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Optional, Sequence

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.entrypoint import settings

_DEFAULT_HOME = "/usr/local/airflow"


def database_address(environ: Mapping[str, str]) -> Optional[str]:
    """The database's URL; None where only Airflow can read it.

    Where nobody named one it is Airflow's default, a file in its folder.
    """
    variables = (settings.NEW_CONNECTION, settings.OLD_CONNECTION)
    if _is_secret(environ, variables):
        return None
    home = environ.get("AIRFLOW_HOME") or _DEFAULT_HOME
    default = f"sqlite:///{Path(home).expanduser() / 'airflow.db'}"
    return _read(environ, variables, "database", "sql_alchemy_conn") or default


def _is_secret(environ: Mapping[str, str], variables: Sequence[str]) -> bool:
    return any(environ.get(f"{variable}_SECRET") for variable in variables)


def _read(
    environ: Mapping[str, str], variables: Sequence[str], section: str, option: str
) -> Optional[str]:
    for variable in variables:
        found = settings.read(environ, variable)
        if found:
            return found.value
    in_file = Sources(environ).setting(section, option)
    return in_file.value if in_file else None
