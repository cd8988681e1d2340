from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.lineage import backend
from astronomer.runtime.lineage.backend import AstronomerLineageBackend

pytestmark = pytest.mark.skipif(
    airflow_version() >= (2, 3, 0), reason="its OpenLineage listens, and has no backend of ours"
)


@pytest.mark.parametrize(
    "module, said",
    [
        ("raise ValueError('broken')", "broken"),
        ("", "No lineage of this task"),
        ("raise SystemExit(3)", "SystemExit"),
        ("import time; time.sleep(300)", "No lineage of this task after 1 s"),
    ],
)
def test_an_extractor_that_fails_ends_or_hangs_fails_no_task(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: str,
    said: str,
) -> None:
    (tmp_path / "extractor_of_a_test.py").write_text(module)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENLINEAGE_EXTRACTOR_BashOperator", "extractor_of_a_test.Extractor")
    monkeypatch.setattr(backend, "EXTRACTION_SECONDS", 1.0 if "sleep" in module else 30.0)
    monkeypatch.setattr(AstronomerLineageBackend, "_backend", None)
    # Its own modules take longest.
    import openlineage.lineage_backend  # noqa: F401

    start = time.monotonic()
    AstronomerLineageBackend().send_lineage(None, context={})
    assert time.monotonic() - start < 60
    assert said in caplog.text
    sys.modules.pop("extractor_of_a_test", None)
