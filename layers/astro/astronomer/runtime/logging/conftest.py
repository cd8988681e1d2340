"""Machines that run tasks of a real Airflow, and a store on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, TypeVar

import pytest
from astronomer.runtime.testing.s3 import BUCKET, S3

BASE = f"s3://{BUCKET}/base"

KEY, SECRET = "OUR-KEY", "our-secret"

_T = TypeVar("_T")


def numbered_lines(every: float) -> str:
    """Source of a task that prints its lines' numbers and times until it is killed."""
    return f"""
def work():
    number = 0
    while True:
        print("line", number, time.time(), flush=True)
        number += 1
        time.sleep({every})
"""


def eventually(condition: Callable[[], _T], seconds: float = 60) -> _T:
    """What a condition gives as soon as that is true."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def s3() -> Iterator[S3]:
    made = S3()
    yield made
    made.stop()


def connections(s3: S3) -> Dict[str, str]:
    """Variables of the platform's connection to a store, and of what a user has for tasks, of which
    nothing may be used."""
    from airflow.models import Connection

    extra = json.dumps({"host": s3.url, "region_name": "us-east-1"})
    ours = Connection(conn_type="aws", login=KEY, password=SECRET, extra=extra)
    return {
        "AIRFLOW_CONN_ASTRO_S3_LOGGING": str(ours.get_uri()),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://USERS-KEY:users-secret@",
        "AWS_ACCESS_KEY_ID": "USERS-KEY",
        "AWS_PROFILE": "users-profile-that-is-not-here",
        "AWS_SECRET_ACCESS_KEY": "users-secret",
    }


def make_run(dags: Path, function: str, run_id: str) -> None:
    """Write the file `dag.py` with the DAG `dag` and its one task `task`, and make a run of it.

    Args:
        dags: The folder.
        function: Source of what the task does, a function `work`.
        run_id: The run.
    """
    from airflow.models import DagBag
    from airflow.utils import timezone
    from airflow.utils.state import State

    source = (
        "from datetime import datetime\nimport os, time\nfrom airflow import DAG\n"
        "from airflow.operators.python import PythonOperator\n"
        f"{function}\n"
        "with DAG('dag', start_date=datetime(2022, 7, 1), schedule_interval=None) as dag:\n"
        "    PythonOperator(task_id='task', python_callable=work)\n"
    )
    # Whole at each moment: tasks that start meanwhile read it.
    (dags / "dag.part").write_text(source)
    (dags / "dag.part").rename(dags / "dag.py")
    date = timezone.utcnow()
    DagBag(str(dags), include_examples=False).get_dag("dag").create_dagrun(
        run_id=run_id,
        state=State.RUNNING,
        execution_date=date,
        data_interval=(date, date),
        external_trigger=True,
    )


class Machine:
    """A home of Airflow's, with the database and the store that all machines share."""

    def __init__(self, home: Path, database: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self.logs = home / "logs"
        (home / "dags").mkdir(parents=True)
        self.environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OPENLINEAGE_DISABLED": "true",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
            "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "astronomer.runtime.logging.logging_config",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": BASE,
            **environ,
        }
        self._started: List[subprocess.Popen[bytes]] = []

    def start_task(self, function: str, run_id: str) -> "subprocess.Popen[bytes]":
        """Run the task of a DAG as a worker does, in a session of its own.

        Args:
            function: Source of what it does, a function `work`.
            run_id: The run, which is made.
        """
        make_run(self.home / "dags", function, run_id)
        return self.start_again(run_id)

    def start_again(self, run_id: str) -> "subprocess.Popen[bytes]":
        """Run the task of a run that is there, by the DAG of this machine."""
        argv = ["airflow", "tasks", "run", "dag", "task", run_id, "--local", "-A"]
        started = subprocess.Popen(
            [sys.executable, "-m", *argv],
            env=self.environ,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._started.append(started)
        return started

    def read(self, run_id: str) -> str:
        """The log of the first try, as Airflow asks its handler for it."""
        from airflow.configuration import conf
        from airflow.models import TaskInstance
        from airflow.utils.session import create_session
        from astronomer.runtime.airflow_version import airflow_version
        from astronomer.runtime.logging.task_handler import ShippedTaskHandler

        old = airflow_version() < (2, 3, 0)
        template = conf.get("logging", "log_filename_template") if old else None
        handler = ShippedTaskHandler(str(self.logs), BASE, template)
        with create_session() as session:
            ti = session.query(TaskInstance).filter_by(task_id="task", run_id=run_id).one()
            [[(_, text)]], [metadata] = handler.read(ti, 1, {})
        assert metadata == {"end_of_log": True}
        return str(text)

    def printed(self) -> str:
        """What the tasks have written to their files here."""
        return "".join(path.read_text() for path in self.logs.rglob("*1.log"))

    def shippers(self) -> List[int]:
        """Process ids of this machine's shippers."""
        return [
            pid
            for pid, words in _processes()
            if b"astronomer.runtime.logging.shipper" in words
            and any(word.startswith(bytes(self.logs)) for word in words)
        ]

    def kill(self, started: "subprocess.Popen[bytes]", shippers: bool = False) -> None:
        """Kill a task with everything it started, at once, with or without the shippers."""
        pids = [pid for pid, _ in _processes() if _session(pid) == started.pid]
        for pid in [*pids, *(self.shippers() if shippers else [])]:
            _kill(pid)
        started.wait()

    def close(self) -> None:
        """End all that was started here."""
        for started in self._started:
            self.kill(started)
        for pid in self.shippers():
            _kill(pid)


@pytest.fixture
def machine(
    tmp_path: Path, airflow_database: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Machine]]:
    """Makes machines by name, with further variables."""
    environ = connections(s3)
    for name, value in environ.items():
        # The reader is in this process.
        monkeypatch.setenv(name, value)
    made: List[Machine] = []

    def make(name: str, **more: str) -> Machine:
        made.append(Machine(tmp_path / name, airflow_database, {**environ, **more}))
        return made[-1]

    yield make
    for each in made:
        each.close()


def _processes() -> Iterator["tuple[int, List[bytes]]"]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(path.parent.name), path.read_bytes().split(b"\0")
        except OSError:
            # It has ended meanwhile.
            continue


def _session(pid: int) -> Optional[int]:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
