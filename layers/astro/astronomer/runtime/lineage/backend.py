"""The lineage backend for releases whose OpenLineage does not listen to Airflow.

That is Airflow 2.2, which has no listeners, and openlineage-airflow before 0.8 (Runtime 5.0.0).
Elsewhere it does nothing: one setting serves all releases, as `[lineage] backend` is constant in
the image.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any, Optional

from airflow.lineage.backend import LineageBackend
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.lineage.delivery import deliver, is_wanted
from astronomer.runtime.time_bound import within

EXTRACTION_SECONDS = 10.0
"""What OpenLineage's listener of later releases gives an extractor."""

log = logging.getLogger(__name__)


class AstronomerLineageBackend(LineageBackend):
    """Has OpenLineage's backend make the events, and sends them as on later releases."""

    _backend: Optional[Any] = None

    def send_lineage(
        self, operator: Any, inlets: Any = None, outlets: Any = None, context: Any = None
    ) -> None:
        """Tell of a task that has succeeded; Airflow asks for no more. The task succeeds whatever
        becomes of it."""
        if not is_wanted() or _is_listening():
            return

        def tell() -> None:
            try:
                self._openlineage().send_lineage(operator, inlets, outlets, context)
            except BaseException as error:
                # An extractor may be the project's own, and even end its process.
                log.warning("No lineage of this task: %r.", error, exc_info=True)

        try:
            within(EXTRACTION_SECONDS, tell)
        except TimeoutError:
            log.warning("No lineage of this task after %g s.", EXTRACTION_SECONDS)

    def _openlineage(self) -> Any:
        if self._backend is None:
            type(self)._backend = _backend()
        return self._backend


def _is_listening() -> bool:
    try:
        return airflow_version() >= (2, 3, 0) and bool(find_spec("openlineage.airflow.listener"))
    except ImportError:
        # It is not installed.
        return True


def _backend() -> Any:
    """OpenLineage's own, whose adapter uses our client: those of that time know no transports."""
    from openlineage.airflow.adapter import OpenLineageAdapter
    from openlineage.lineage_backend import Backend

    class Adapter(OpenLineageAdapter):
        def get_or_create_openlineage_client(self) -> _Client:
            return _Client()

    made = Backend()
    made.adapter = Adapter()
    return made


class _Client:
    """All that OpenLineage's adapter asks of its client."""

    def emit(self, event: Any) -> None:
        from openlineage.client.serde import Serde

        deliver(Serde.to_json(event))
