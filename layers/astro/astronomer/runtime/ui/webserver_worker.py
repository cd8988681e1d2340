"""A process of the webserver that lets another one write permissions before it makes its pages.

Airflow 2.3 has each of them write the same rows at the same time; one that fails in it ends all of
them, and the process that started them waits on (apache/airflow#23512).
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from contextlib import contextmanager
from typing import Iterator

from airflow.configuration import conf
from astronomer.runtime import options
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.messages import say
from gunicorn.workers.sync import SyncWorker  # pants: no-infer-dep

# Not empty once the permissions are written. Without a name: the process that starts the workers
# makes it when it loads this module, and each worker inherits it.
_written = tempfile.TemporaryFile()

# Postgres takes it for milliseconds, MySQL for seconds: there gunicorn's own limit comes first.
_LOCK_TIMEOUT = 100_000


class Worker(SyncWorker):
    """Gunicorn's default, of which the first writes the permissions while the others wait.

    Set by `AIRFLOW__WEBSERVER__WORKER_CLASS`.
    """

    @staticmethod
    def setup() -> None:
        """See, before the first worker starts, that who may enter can be told.

        Gunicorn calls it in the process that starts the workers.
        """
        if not options.on_platform():
            return
        from astronomer.runtime.security import startup

        try:
            startup.check()
        except ConfigurationError as error:
            say(str(error))
            sys.exit(error.exit_code)

    def load_wsgi(self) -> None:
        """Make the application."""
        # Workers that follow their plugins may each have pages that the others have not.
        all_write = conf.getboolean("webserver", "reload_on_plugin_change", fallback=False)
        with _alone_in_container():
            if all_write or not os.fstat(_written.fileno()).st_size:
                with _alone_at_database():
                    super().load_wsgi()
                os.write(_written.fileno(), b"1")
                return
        os.environ["AIRFLOW__WEBSERVER__UPDATE_FAB_PERMS"] = "False"
        super().load_wsgi()


@contextmanager
def _alone_in_container() -> Iterator[None]:
    # The lock of a worker that dies is free.
    fcntl.lockf(_written, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(_written, fcntl.LOCK_UN)


@contextmanager
def _alone_at_database() -> Iterator[None]:
    # Airflow 2.2 writes before it starts its workers, and has no such lock.
    if airflow_version() < (2, 3, 0):
        yield
        return
    from airflow.utils.db import DBLocks, create_global_lock
    from airflow.utils.session import create_session

    with create_session() as session:
        with create_global_lock(session, DBLocks.MIGRATIONS, lock_timeout=_LOCK_TIMEOUT):
            yield
