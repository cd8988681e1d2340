"""The executor's numbers as statsd gauges, by Airflow's own options of `[metrics]`."""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Mapping, Optional, Set

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.executor import status
from astronomer.runtime.options import is_true

PREFIX = "runtime_executor"
"""Of each name, after Airflow's `[metrics] statsd_prefix`."""

SEND_SECONDS = 10.0

_SWITCHES = ("statsd_on", "statsd_datadog_enabled")


class Gauges:
    """Sends the numbers now and then."""

    def __init__(self, stats: Any) -> None:
        """Prepare.

        Args:
            stats: Airflow's `Stats`.
        """
        self._stats = stats
        self._names: Set[str] = set()
        self._due_at = float("-inf")

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "Optional[Gauges]":
        """Gauges where Airflow's options turn statsd on; else None, and Airflow is not imported."""
        sources = Sources(environ)
        if not any(is_true(sources.value("metrics", name)) for name in _SWITCHES):
            return None
        from airflow.stats import Stats

        return cls(Stats)

    def send_if_due(self, connection: Any) -> None:
        """Send them, if it has been long enough since the last time.

        Raises:
            psycopg2.Error: The database fails.
        """
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + SEND_SECONDS
        with connection.cursor() as cursor:
            found = _named(status.by_queue(cursor))
        # A gauge keeps its last value: what a queue had stays there until it is said to be gone.
        for name in self._names - found.keys():
            self._stats.gauge(name, 0)
        for name, value in found.items():
            self._stats.gauge(name, value)
        self._names |= found.keys()


def _named(queues: Mapping[str, Mapping[str, int]]) -> Dict[str, int]:
    found: Dict[str, int] = {}
    for queue, numbers in queues.items():
        # A dot would make a level of its own, and Airflow refuses what is no name of statsd's.
        part = re.sub(r"[^A-Za-z0-9_-]", "_", queue)
        for number, value in numbers.items():
            name = f"{PREFIX}.queue.{part}.{number}"
            found[name] = found.get(name, 0) + value
    return found
