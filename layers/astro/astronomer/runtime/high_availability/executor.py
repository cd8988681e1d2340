"""Airflow's Celery executor, which also looks after messages that the broker may lose."""

from __future__ import annotations

from typing import Any

from airflow.executors import celery_executor
from astronomer.runtime.high_availability.lost_messages import LostMessages


# The same name as Airflow's: it stands in the table of jobs and in what plugins compare with.
class CeleryExecutor(celery_executor.CeleryExecutor):
    """In place of Airflow's in the scheduler; the entrypoint puts it there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Airflow's."""
        super().__init__(*args, **kwargs)
        self.lost_messages = LostMessages()

    def sync(self) -> None:
        """Bring the states up to date, and now and then look for lost messages."""
        super().sync()
        self.lost_messages.look(self.tasks)

    def end(self, *args: Any, **kwargs: Any) -> None:
        """End as Airflow's does; nothing is looked for any more."""
        try:
            super().end(*args, **kwargs)
        finally:
            self.lost_messages.stop()
