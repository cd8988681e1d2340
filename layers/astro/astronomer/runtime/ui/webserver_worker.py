"""A process of the webserver that lets another one write permissions before it makes its pages.

Airflow 2.3 has each of them write the same rows at the same time; one that fails in it ends all of
them, and the process that started them waits on (apache/airflow#23512).
"""

from __future__ import annotations

import fcntl
import os
import tempfile

from airflow.configuration import conf
from gunicorn.workers.sync import SyncWorker  # pants: no-infer-dep

# Without a name: the process that starts the workers makes it when it loads this module, and each
# worker inherits it. The lock of a worker that dies is free.
_written = tempfile.TemporaryFile()


class Worker(SyncWorker):
    """Gunicorn's default, of which the first writes the permissions while the others wait.

    Set by `AIRFLOW__WEBSERVER__WORKER_CLASS`.
    """

    def load_wsgi(self) -> None:
        """Make the application."""
        fcntl.lockf(_written, fcntl.LOCK_EX)
        # Those that follow their plugins may each have pages that the others have not.
        each = conf.getboolean("webserver", "reload_on_plugin_change", fallback=False)
        if os.fstat(_written.fileno()).st_size and not each:
            fcntl.lockf(_written, fcntl.LOCK_UN)
            os.environ["AIRFLOW__WEBSERVER__UPDATE_FAB_PERMS"] = "False"
            super().load_wsgi()
            return
        super().load_wsgi()
        os.write(_written.fileno(), b"1")
        fcntl.lockf(_written, fcntl.LOCK_UN)
