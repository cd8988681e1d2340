from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from astronomer.runtime.entrypoint.conftest import Entrypoint
from astronomer.runtime.entrypoint.pid_files import remove_stale

_START = """
import os, sys
from pathlib import Path
from celery.platforms import create_pidlock
from astronomer.runtime.entrypoint.pid_files import remove_stale
home = Path(sys.argv[1])
(home / "airflow-worker.pid").write_text(f"{os.getpid()}\\n")
if len(sys.argv) > 2:
    remove_stale(["celery worker"], sys.argv[1])
create_pidlock(str(home / "airflow-worker.pid"))
"""


@pytest.fixture
def living() -> Iterator[int]:
    """The id of a process that looks like a worker of Airflow's."""
    code = "import sys; sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "airflow", "celery", "worker"], stdin=subprocess.PIPE
    )
    yield process.pid
    process.communicate(timeout=60)


def start_worker(home: Path, *remove: str) -> int:
    argv = [sys.executable, "-c", _START, str(home), *remove]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(argv, env=environ, stderr=subprocess.DEVNULL).returncode


def test_a_worker_that_gets_the_id_of_its_killed_self_starts(tmp_path: Path) -> None:
    # Without our help Celery refuses; when it no longer does, neither is this module needed.
    assert start_worker(tmp_path) == 73
    assert start_worker(tmp_path, "remove") == 0


@pytest.mark.parametrize("content", ["", "no number", "999999999\n", "1\n"])
def test_a_file_that_names_no_process_of_airflow_s_goes(tmp_path: Path, content: str) -> None:
    proc = tmp_path / "proc"
    (proc / "1").mkdir(parents=True)
    (proc / "1" / "cmdline").write_bytes(b"sleep\0infinity\0")
    (tmp_path / "airflow-webserver.pid").write_text(content)
    remove_stale(["webserver"], str(tmp_path), proc)
    assert not (tmp_path / "airflow-webserver.pid").exists()


def test_the_file_of_a_living_worker_stays(tmp_path: Path, living: int) -> None:
    (tmp_path / "airflow-worker.pid").write_text(f"{living}\n")
    remove_stale(["celery worker"], str(tmp_path))
    assert (tmp_path / "airflow-worker.pid").exists()


def test_other_components_leave_it(tmp_path: Path) -> None:
    (tmp_path / "airflow-worker.pid").write_text("999999999\n")
    remove_stale(["scheduler"], str(tmp_path))
    assert (tmp_path / "airflow-worker.pid").exists()


def test_the_entrypoint_of_a_worker_removes_it(entrypoint: Entrypoint) -> None:
    (entrypoint.home / "airflow-worker.pid").write_text("999999999\n")
    entrypoint.run("airflow", "celery", "worker").check_returncode()
    assert not (entrypoint.home / "airflow-worker.pid").exists()
