"""`HttpSensorAsync` that uses its connection and its method.

The one of astronomer-providers 1.0.0 to 1.8.0 waits with the connection `http_default`, and its
trigger arrives with the method GET, whatever they were given (their pull request 896 mends the
connection in a later release).
"""

from __future__ import annotations

from typing import Any, Dict, Tuple

from airflow.exceptions import TaskDeferred

try:
    from astronomer.providers.http.sensors.http import HttpSensorAsync as Faulty
    from astronomer.providers.http.triggers.http import HttpTrigger
except ModuleNotFoundError as error:
    raise ImportError(
        "astronomer.runtime.fixes.http_sensor mends a sensor of astronomer-providers, and there is"
        f" no {error.name}: add astronomer-providers to requirements.txt, or use Runtime 4.2.0 or"
        " later, which bring it."
    ) from None


class HttpTriggerWithMethod(HttpTrigger):
    """Their trigger, which the triggerer gets with its method."""

    def serialize(self) -> "Tuple[str, Dict[str, Any]]":
        """As Airflow stores it."""
        _, arguments = super().serialize()
        return f"{__name__}.{type(self).__name__}", {**arguments, "method": self.method}


class HttpSensorAsync(Faulty):
    """In place of `astronomer.providers.http.sensors.http.HttpSensorAsync`; same arguments."""

    def execute(self, context: Any) -> None:
        """Wait in the triggerer, or here where a `response_check` is to be asked."""
        try:
            super().execute(context)
        except TaskDeferred as deferred:
            # Theirs but for these two: what else a trigger is given differs by release.
            _, arguments = deferred.trigger.serialize()
            mended = {"http_conn_id": self.hook.http_conn_id, "method": self.hook.method}
            deferred.trigger = HttpTriggerWithMethod(**{**arguments, **mended})
            raise
