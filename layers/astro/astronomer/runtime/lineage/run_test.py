"""Airflow runs a DAG, as a deployment does, and tells a server of every task."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.lineage.spool import Spool

BACKEND = "astronomer.runtime.lineage.backend.AstronomerLineageBackend"

CONFIG = Path(__file__).with_name("openlineage.yml")

DAG = """
from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

with DAG("told", start_date=datetime(2022, 7, 1), schedule_interval="@daily") as dag:
    first = BashOperator(task_id="first", bash_command="true")
    first >> PythonOperator(task_id="second", python_callable=lambda: None)
"""


class Project:
    """An Airflow of the test's own, with one DAG."""

    def __init__(self, home: Path, sink: str, spool: Path) -> None:
        self._environ: Dict[str, str] = {
            "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # As the image has them.
            "AIRFLOW__LINEAGE__BACKEND": BACKEND,
            "OPENLINEAGE_CONFIG": str(CONFIG),
            "OPENLINEAGE_URL": sink,
            "ASTRONOMER_RUNTIME_LINEAGE_SPOOL": str(spool),
        }
        # A script of pip's may see less than the Python of this test.
        script = home / "bin" / "airflow"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m airflow "$@"\n')
        script.chmod(0o755)
        (home / "dags").mkdir()
        (home / "dags" / "told.py").write_text(DAG)
        self._airflow("db", "init")

    def run(self) -> None:
        """Run the DAG for one day, each task in a process of its own; fails unless it succeeds."""
        self._airflow("dags", "backfill", "--start-date", "2022-07-01", "-e", "2022-07-01", "told")

    def _airflow(self, *words: str) -> None:
        finished = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert finished.returncode == 0, finished.stdout[-6000:]


def told(bodies: List[bytes]) -> List[Tuple[str, str]]:
    """Task and kind of each event."""
    events = [json.loads(body) for body in bodies]
    return [(event["job"]["name"], event["eventType"]) for event in events]


EVERYTHING = [
    ("told.first", "START"),
    ("told.first", "COMPLETE"),
    ("told.second", "START"),
    ("told.second", "COMPLETE"),
]


def test_start_and_end_of_every_task_reach_the_server(
    tmp_path: Path, folder: Path, http_server: HttpServer
) -> None:
    http_server.status = 201
    Project(tmp_path, http_server.url, folder).run()
    end = time.monotonic() + 120
    while len(http_server.asked) < len(EVERYTHING) and time.monotonic() < end:
        time.sleep(0.1)
    assert told([asked.body for asked in http_server.asked]) == EVERYTHING
    assert {asked.path for asked in http_server.asked} == {"/api/v1/lineage"}


def test_a_server_that_never_answers_costs_no_task_its_success(
    tmp_path: Path, folder: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        Project(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}", folder).run()
        assert told([path.read_bytes() for path in Spool(folder).waiting()]) == EVERYTHING
