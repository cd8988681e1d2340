"""Disables OpenLineage in containers that have no lineage server."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_DISABLED = "OPENLINEAGE_DISABLED"
_SERVERS = ("OPENLINEAGE_URL", "MARQUEZ_URL")
_CONFIG = "OPENLINEAGE_CONFIG"
_OURS = "/astronomer/runtime/lineage/openlineage.yml"


def disable_unused_lineage(environ: MutableMapping[str, str]) -> None:
    """Set OPENLINEAGE_DISABLED if the image's own configuration of it names no server.

    OpenLineage's plugin imports pandas and BigQuery's client, and each task is a process that loads
    all plugins. An image with Airflow 3 has no configuration of
    ours: its provider looks for one in more places, and loads nothing where there is none.
    """
    if any(environ.get(name, "").strip() for name in _SERVERS):
        return
    if environ.get(_CONFIG, "").endswith(_OURS):
        environ.setdefault(_DISABLED, "true")
