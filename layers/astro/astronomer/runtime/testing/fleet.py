"""Real Celery workers, configured by Airflow's options alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, List

from astronomer.runtime.kernel import end_with_parent
from celery import Celery

_START_SECONDS = 180

_APP = """
import os
import time

clock = time.time
time.time = lambda: clock() + float(os.environ.get("CLOCK_SHIFT", 0))

from celery import Celery

if os.environ.get("STOCK"):
    from airflow.config_templates.default_celery import DEFAULT_CELERY_CONFIG as CONFIG
else:
    from astronomer.runtime.high_availability.celery_config import CELERY_CONFIG as CONFIG

app = Celery("fleet")
app.conf.update({**CONFIG, "result_backend": None})


@app.task
def work(path, mark, seconds):
    note(path, f"start {mark}")
    time.sleep(seconds)
    note(path, f"end {mark}")


def note(path, what):
    with open(path, "ab", buffering=0) as file:
        file.write(f"{what} by {os.environ['NAME']}\\n".encode())
"""


class Fleet:
    """Workers of one Celery application."""

    def __init__(self, folder: Path, **environ: str) -> None:
        """Prepare.

        Args:
            folder: Exists; for the application's source, logs and what tasks write.
            environ: The variables of Airflow's that all workers get.
        """
        (folder / "fleet.py").write_text(_APP)
        self._folder = folder
        self._environ = {
            **os.environ,
            "AIRFLOW__CELERY__RESULT_BACKEND": "cache+memory://",
            # Workers run in that folder, and some of these are relative to this one.
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, [str(folder), *sys.path])),
            **environ,
        }
        self.workers: Dict[str, "subprocess.Popen[bytes]"] = {}

    def start(self, name: str, queue: str = "default", pool: str = "prefork", **more: str) -> None:
        """Start a worker that takes tasks of a queue, with further variables."""
        celery = [sys.executable, "-m", "celery", "--app", "fleet", "worker", "-c1", "-Ofair"]
        with (self._folder / f"{name}.log").open("ab") as log:
            self.workers[name] = subprocess.Popen(
                [*celery, "-lINFO", f"--pool={pool}", f"-n{name}@test", f"-Q{queue}"],
                env={**self._environ, "NAME": name, **more},
                cwd=self._folder,
                stdout=log,
                stderr=log,
                # Its own processes must not stay when it is killed.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def ready(self) -> None:
        """Wait until all workers take tasks."""
        self.wait(lambda: all(" ready." in self.log(name) for name in self.workers), _START_SECONDS)

    def send(
        self, mark: str, seconds: float, queue: str = "default", prefix: str = "", broker: str = ""
    ) -> None:
        """Have a task done."""
        url = broker or self._environ["AIRFLOW__CELERY__BROKER_URL"]
        app = Celery(broker=url, set_as_current=False)
        app.conf.broker_transport_options = {"global_keyprefix": prefix}
        path = str(self._folder / "runs")
        app.send_task("fleet.work", args=[path, mark, seconds], queue=queue)
        app.close()

    def runs(self) -> List[str]:
        """What was done so far: `start` or `end`, and by whom."""
        path = self._folder / "runs"
        return path.read_text().splitlines() if path.exists() else []

    def log(self, name: str) -> str:
        """What a worker has written."""
        return (self._folder / f"{name}.log").read_text()

    def wait(self, condition: Callable[[], Any], seconds: float = 120) -> None:
        """Return when the condition is true; fail with what was done and written otherwise."""
        deadline = time.monotonic() + seconds
        while not condition():
            logs = "\n".join(map(self.log, self.workers))
            assert time.monotonic() < deadline, f"{self.runs()}\n{logs}"
            time.sleep(0.05)

    def end(self) -> None:
        """Kill what still runs."""
        for each in self.workers.values():
            with suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
