"""Makes sure that what Airflow needs is there before Airflow starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astronomer.runtime import database
from astronomer.runtime.entrypoint import settings
from astronomer.runtime.entrypoint.airflow_cli import (
    Words,
    needs_broker,
    needs_database,
    needs_known_revision,
)
from astronomer.runtime.entrypoint.revision import refuse_unknown
from astronomer.runtime.entrypoint.services import ANSWER_SECONDS, broker_service, database_service
from astronomer.runtime.entrypoint.settings import Setting
from astronomer.runtime.entrypoint.waiting import wait_for
from astronomer.runtime.messages import say
from astronomer.runtime.time_bound import within

_READ_SECONDS = 10
"""How long it may take to read a database that was not waited for."""


def make_ready(commands: Sequence[Words], environ: Mapping[str, str], connection: str) -> None:
    """Wait for what the Airflow commands need, and see that they may use the database.

    `connection` is the variable that holds the database's connection. Raises NotReadyError when a
    service does not answer in time, ConfigurationError when a setting is wrong or the database is
    too new.
    """
    timeout = settings.wait_timeout(environ)
    if any(map(needs_database, commands)):
        setting = settings.read(environ, connection)
        if setting:
            has_arguments = any(environ.get(name) for name in settings.CONNECT_ARGUMENTS)
            service = database_service(setting, has_arguments, environ)
            if service:
                wait_for(service, timeout)
            if any(map(needs_known_revision, commands)):
                _check_revision(setting, service.seconds if service else _READ_SECONDS)
    if any(map(needs_broker, commands)) and settings.uses_celery(environ):
        broker = settings.read(environ, settings.BROKER)
        broker_place = broker_service(broker) if broker else None
        if broker_place:
            wait_for(broker_place, timeout)


def _check_revision(connection: Setting, seconds: float) -> None:
    try:
        revisions = within(seconds, lambda: database.revisions(connection.value, ANSWER_SECONDS))
    except Exception as error:
        # What is wrong with the database is Airflow's to say; its text may hold the URL.
        say(
            f"cannot read the revision of the database in {connection.variable} "
            f"({type(error).__name__}), so it is not checked against this Airflow."
        )
        return
    refuse_unknown(revisions)
