from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from astronomer.runtime import lone_process
from astronomer.runtime.entrypoint.log_shipper import start_shipper
from astronomer.runtime.executors import RUNTIME_EXECUTOR
from astronomer.runtime.logging.shipper import STAY
from astronomer.runtime.logging.tickets import FOLDER

REMOTE = {
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs/base",
}
CELERY = {"AIRFLOW__CORE__EXECUTOR": "astronomer.runtime.high_availability.executor.CeleryExecutor"}


class Starts:
    """Which process is started for a container, in place of starting it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, module: str, folder: Path, *arguments: str, **others: Any) -> None:
        (folder / "started").write_text(" ".join(arguments))

    def of(self, components: List[str], environ: Dict[str, str]) -> Optional[str]:
        """The arguments of the process; None where none is started."""
        home = self.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        start_shipper(components, {**environ, "AIRFLOW_HOME": str(home)})
        started = home / "logs" / FOLDER / "started"
        if started.exists():
            return started.read_text()
        # Not even the folder of its own.
        assert list(home.iterdir()) == []
        return None


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starts:
    made = Starts(tmp_path)
    monkeypatch.setattr(lone_process, "start", made.start)
    return made


@pytest.mark.parametrize(
    "change",
    [
        {"AIRFLOW__LOGGING__REMOTE_LOGGING": ""},
        {"AIRFLOW__LOGGING__REMOTE_LOGGING": "False"},
        {"AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": ""},
        {"AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "oss://logs"},
    ],
)
def test_a_worker_ships_its_logs_where_there_is_a_store_and_not_without(
    starts: Starts, change: Dict[str, str]
) -> None:
    assert starts.of(["celery worker"], REMOTE) == STAY
    assert starts.of(["celery worker"], {**REMOTE, **change}) is None


@pytest.mark.parametrize("value", ["true", "t", "1", " TRUE "])
def test_remote_logging_is_on_however_airflow_takes_it_for_true(starts: Starts, value: str) -> None:
    assert starts.of(["standalone"], {**REMOTE, "AIRFLOW__LOGGING__REMOTE_LOGGING": value}) == STAY


def test_the_components_that_run_tasks_ship_logs_and_others_do_not(starts: Starts) -> None:
    for one in ("celery worker", "runner", "standalone", "scheduler"):
        assert starts.of([one], REMOTE) == STAY
        assert starts.of(["webserver", one], REMOTE) == STAY
    for other in ("webserver", "triggerer", "kerberos"):
        assert starts.of([other], REMOTE) is None
    # Its tasks run elsewhere.
    for executor in (CELERY, {"AIRFLOW__CORE__EXECUTOR": RUNTIME_EXECUTOR}):
        assert starts.of(["scheduler"], {**REMOTE, **executor}) is None


def test_the_process_is_at_work_when_the_component_starts(tmp_path: Path) -> None:
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    environ = {**REMOTE, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": path}
    start_shipper(["standalone"], environ)
    folder = tmp_path / "logs" / FOLDER
    deadline = time.monotonic() + 60
    # The lock that it holds while it works.
    while not (folder / "sender.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        assert (folder / "sender.lock").exists()
    finally:
        # It ends with its folder.
        shutil.rmtree(tmp_path / "logs")


def test_a_folder_that_cannot_be_made_starts_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file")
    start_shipper(["standalone"], {**REMOTE, "AIRFLOW_HOME": str(tmp_path)})
    assert "task logs are not shipped" in capsys.readouterr().err
