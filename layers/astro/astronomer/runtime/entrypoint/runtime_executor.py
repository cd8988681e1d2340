"""Switches a deployment to the Runtime executor, and back."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from importlib.util import find_spec

from astronomer.runtime.entrypoint import settings
from astronomer.runtime.entrypoint.airflow_cli import Words, needs_database
from astronomer.runtime.entrypoint.database_server import database_server
from astronomer.runtime.entrypoint.settings import EXECUTOR, RUNTIME_EXECUTOR
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.executors import RUNTIME_EXECUTOR as CLASS
from astronomer.runtime.options import is_true

_FALSE = ("", "f", "false", "0")


def choose_executor(
    commands: Sequence[Words], environ: MutableMapping[str, str], connection: str
) -> None:
    """Name our class as Airflow's executor where the variable says so.

    Args:
        commands: What the container runs of Airflow.
        environ: Its variables.
        connection: The one that holds the database's connection.

    Raises:
        ConfigurationError: The variable is neither true nor false, or the executor does not work
            with this Airflow or this database.
    """
    value = environ[RUNTIME_EXECUTOR].strip()
    if not is_true(value):
        if value.lower() not in _FALSE:
            raise ConfigurationError(f"{RUNTIME_EXECUTOR} is '{value}'; set it to True or False.")
        return
    if not find_spec("astronomer.runtime.executor"):
        raise ConfigurationError(
            f"{RUNTIME_EXECUTOR} is True, and this image's Airflow has no Runtime executor; set it"
            " to False, or use an image of Airflow 2."
        )
    environ[EXECUTOR] = CLASS
    if not any(map(needs_database, commands)):
        return
    setting = settings.read(environ, connection)
    if setting is None:
        # Only Airflow can read it, or it is in a file: scheduler and runners look themselves.
        return
    server = database_server(setting.value, setting.variable, environ)
    if server is None or not server.is_postgres:
        raise ConfigurationError(
            f"{RUNTIME_EXECUTOR} is True, and {setting.variable} names another database than"
            " PostgreSQL; name one of PostgreSQL 12 or later, or set the former to False."
        )
