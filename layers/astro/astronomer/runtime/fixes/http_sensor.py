"""`HttpSensorAsync` that uses its connection.

The one of astronomer-providers 1.6.0 waits with the connection `http_default` and the method GET,
whatever it was given (their pull request 896 mends it in a later release).
"""

from __future__ import annotations

from typing import Any

from astronomer.providers.http.sensors.http import HttpSensorAsync as Faulty
from astronomer.providers.http.triggers.http import HttpTrigger


class HttpSensorAsync(Faulty):
    """In place of `astronomer.providers.http.sensors.http.HttpSensorAsync`; same arguments."""

    def execute(self, context: Any) -> None:
        """Wait in the triggerer, or here where a `response_check` is to be asked."""
        if self.response_check:
            super().execute(context)
            return
        self.defer(
            timeout=self.execution_timeout,
            trigger=HttpTrigger(
                endpoint=self.endpoint,
                http_conn_id=self.hook.http_conn_id,
                method=self.hook.method,
                data=self.request_params,
                headers=self.headers,
                extra_options=self.extra_options,
            ),
            method_name="execute_complete",
        )
