from __future__ import annotations

import os
from pathlib import Path

import pytest
from astronomer.runtime.airflow_version import airflow_version

CONFIG = Path(__file__).with_name("openlineage.yml")


@pytest.mark.skipif(airflow_version() < (2, 3, 0), reason="its OpenLineage knows no transports")
def test_the_client_makes_our_transport_of_the_image_s_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from astronomer.runtime.lineage.transport import SpoolTransport
    from openlineage.client import OpenLineageClient

    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(CONFIG))
    assert isinstance(OpenLineageClient.from_environment().transport, SpoolTransport)


def test_airflow_takes_our_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.lineage import get_backend

    name = "astronomer.runtime.lineage.backend.AstronomerLineageBackend"
    monkeypatch.setenv("AIRFLOW__LINEAGE__BACKEND", name)
    backend = get_backend()
    assert type(backend).__name__ == "AstronomerLineageBackend"
    assert "OPENLINEAGE_URL" not in os.environ
    # Nobody is told, and nothing is imported for it.
    backend.send_lineage(None)
