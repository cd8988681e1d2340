"""The transport that openlineage-python (0.9 and later) is configured to use.

Source: "Transports" in OpenLineage's documentation of the Python client.
"""

from __future__ import annotations

from typing import Any, Dict

from astronomer.runtime.lineage.delivery import deliver
from openlineage.client.serde import Serde
from openlineage.client.transport.transport import Config, Transport


class SpoolConfig(Config):
    """There is nothing to configure but the variables that name the server."""

    @classmethod
    def from_dict(cls, params: Dict[str, Any]) -> SpoolConfig:
        """As the client makes it."""
        return cls()


class SpoolTransport(Transport):
    """Gives events to `astronomer.runtime.lineage.delivery`."""

    kind = "astronomer"
    config = SpoolConfig

    def __init__(self, config: SpoolConfig) -> None:
        """As the client makes it."""

    def emit(self, event: Any) -> None:
        """Have an event sent."""
        deliver(Serde.to_json(event))
