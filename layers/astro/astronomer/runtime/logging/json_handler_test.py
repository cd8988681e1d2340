"""A task's log in a process of its own, with Airflow configured as in the image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

_TASK = """
import logging
from datetime import datetime, timezone
from types import SimpleNamespace

import airflow.settings
from airflow.utils.log.secrets_masker import mask_secret

logger = logging.getLogger("airflow.task")
# Only the second handler is looked at; the first asks the database for a run.
logger.handlers = [each for each in logger.handlers if type(each).__name__ == "TaskJsonHandler"]
print("handlers", len(logger.handlers))
# As `airflow tasks run` does.
airflow.settings.MASK_SECRETS_IN_LOGS = True
mask_secret("hush-hush")
ti = SimpleNamespace(
    dag_id="dag", task_id="task", run_id="manual__2022-07-01T00:00:00+00:00", try_number=2,
    map_index=3, execution_date=datetime(2022, 7, 1, tzinfo=timezone.utc),
)
logger.info("before any task")
for handler in logger.handlers:
    handler.set_context(ti)
logger.info("first %s", "line")
logger.warning("a secret: hush-hush")
try:
    raise ValueError("it was hush-hush")
except ValueError:
    logger.exception("failed")
logger.info("two\\nlines")
"""


def run_task(home: Path, target: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _TASK],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "astronomer.runtime.logging.logging_config",
            "AIRFLOW__ASTRONOMER__TASK_LOG_JSON": target,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )


def records(text: str) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"dag_id"')]


def check(found: List[Dict[str, Any]]) -> None:
    assert [each["message"].splitlines()[0] for each in found] == [
        "first line",
        "a secret: ***",
        "failed",
        "two",
    ]
    first = found[0]
    assert (first["dag_id"], first["task_id"], first["try_number"]) == ("dag", "task", 2)
    assert (first["map_index"], first["level"]) == (3, "INFO")
    assert first["execution_date"] == "2022-07-01T00:00:00+00:00"
    assert "ValueError" in found[2]["message"]
    offsets = [each["offset"] for each in found]
    assert offsets == sorted(set(offsets))


def test_records_go_to_standard_output(tmp_path: Path) -> None:
    finished = run_task(tmp_path, "stdout")
    check(records(finished.stdout))
    assert "hush-hush" not in finished.stdout + finished.stderr


def test_records_go_to_a_file_for_each_try(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    run_task(tmp_path, str(spool))
    [file] = spool.iterdir()
    assert file.name == "dag~manual__2022-07-01T00_00_00+00_00~task~3~2.log"
    check(records(file.read_text()))
    assert "hush-hush" not in file.read_text()


def test_a_folder_that_cannot_be_written_fails_no_task(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    finished = run_task(tmp_path, str(occupied))
    assert "which cannot be written" in finished.stderr


@pytest.mark.parametrize("target", ["", " "])
def test_without_the_option_the_log_is_airflow_s_own(tmp_path: Path, target: str) -> None:
    assert "handlers 0" in run_task(tmp_path, target).stdout


def test_a_project_may_import_the_configuration_before_airflow(tmp_path: Path) -> None:
    code = "from astronomer.runtime.logging import logging_config; print(sorted(logging_config))"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "astronomer.runtime.logging.logging_config",
    }
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert "handlers" in printed
