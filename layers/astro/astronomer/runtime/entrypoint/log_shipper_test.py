from __future__ import annotations

from pathlib import Path
from typing import Dict, List

import pytest
from astronomer.runtime.entrypoint.log_shipper import start_shipper

REMOTE = {
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs/base",
}
CELERY = {"AIRFLOW__CORE__EXECUTOR": "astronomer.runtime.high_availability.executor.CeleryExecutor"}


@pytest.mark.parametrize(
    "components, environ",
    [
        (["celery worker"], {}),
        (["celery worker"], {**REMOTE, "AIRFLOW__LOGGING__REMOTE_LOGGING": "False"}),
        (["celery worker"], {**REMOTE, "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "oss://logs"}),
        (["webserver"], REMOTE),
        (["scheduler"], {**REMOTE, **CELERY}),
    ],
)
def test_where_no_task_s_log_is_shipped_nothing_is_started(
    components: List[str], environ: Dict[str, str], tmp_path: Path
) -> None:
    start_shipper(components, {**environ, "AIRFLOW_HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_starts_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file")
    start_shipper(["standalone"], {**REMOTE, "AIRFLOW_HOME": str(tmp_path)})
    assert "task logs are not shipped" in capsys.readouterr().err
