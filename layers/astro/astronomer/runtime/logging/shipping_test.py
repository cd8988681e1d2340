"""What of a task's log can be read from another machine, whatever happens to its own."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Callable, List

from astronomer.runtime.entrypoint.log_shipper import start_shipper
from astronomer.runtime.logging.conftest import KEY, SECRET, Machine, eventually, numbered_lines
from astronomer.runtime.testing.s3 import S3

_COUNT = numbered_lines(every=0.05)

_LINE = re.compile(r"^\[.* INFO - line (\d+) ([\d.]+)$", re.MULTILINE)

_LAG = 10.0
"""Seconds. It is one where this machine has time for the shipper: `benchmarks/task_logs.py`."""


def numbers(log: str) -> List[int]:
    return [int(number) for number, _ in _LINE.findall(log)]


def test_what_a_killed_machine_has_printed_is_read_elsewhere(
    machine: Callable[..., Machine], s3: S3
) -> None:
    worker, webserver = machine("worker"), machine("webserver")
    task = worker.start_task(_COUNT, "killed")
    eventually(lambda: len(s3.keys()) > 5)
    # With all that could ship anything: as when the container is killed.
    worker.kill(task, shippers=True)
    killed = time.time()

    printed = _LINE.findall(worker.printed())
    found = numbers(webserver.read("killed"))
    assert found == list(range(len(found)))
    assert len(found) >= sum(float(moment) < killed - _LAG for _, moment in printed)

    # What was not shipped is, at the next start.
    start_shipper(["celery worker"], worker.environ)
    eventually(s3.complete)
    assert numbers(webserver.read("killed")) == list(range(len(printed)))


def test_a_task_goes_on_while_the_store_is_down_and_its_whole_log_is_shipped(
    machine: Callable[..., Machine], s3: S3
) -> None:
    worker, webserver = machine("worker"), machine("webserver")
    task = worker.start_task(_COUNT, "outage")
    eventually(s3.keys)
    s3.stop()
    before = len(numbers(worker.printed()))
    eventually(lambda: len(numbers(worker.printed())) > before + 100)
    # The task with its supervisor, as when a worker is killed: the shipper lives.
    worker.kill(task)
    assert not s3.complete()
    s3.start()
    eventually(s3.complete)
    printed = numbers(worker.printed())
    assert numbers(webserver.read("outage")) == printed == list(range(len(printed)))


def test_only_our_connection_is_used_and_tasks_do_not_see_it(
    machine: Callable[..., Machine], s3: S3
) -> None:
    # Nor do they see one that somebody else of the platform uses.
    worker = machine("worker", AIRFLOW_CONN_ASTRO_WASB_LOGGING="wasb://us:hush-hush@")
    webserver = machine("webserver")
    task = worker.start_task(
        """
def work():
    from airflow.utils.log.secrets_masker import mask_secret
    import gc, logging, subprocess
    print("conn", sorted(name for name in os.environ if name.startswith("AIRFLOW_CONN_")))
    child = subprocess.check_output("env", text=True)
    print("child", "AWS_DEFAULT" in child, "ASTRO" in child)
    handlers = [each for each in gc.get_objects() if isinstance(each, logging.Handler)]
    known = [repr(vars(each)) for each in handlers]
    known += [repr(vars(value)) for each in handlers for value in vars(each).values()
              if hasattr(value, "__dict__")]
    print("handlers", any("ShippedTaskHandler" in repr(each) for each in handlers),
          any("our-secret" in text or "ASTRO_S3" in text for text in known))
    print("user", os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_PROFILE"])
    mask_secret("hush-hush")
    print("a secret: hush-hush")
""",
        "isolated",
    )
    assert task.wait(120) == 0
    [key] = eventually(s3.complete)
    # All that is left of a log that has ended is one object.
    eventually(lambda: s3.keys() == [key])

    log = webserver.read("isolated")
    assert "conn ['AIRFLOW_CONN_AWS_DEFAULT']" in log
    assert "child True False" in log
    assert "handlers True False" in log
    assert "user USERS-KEY users-profile-that-is-not-here" in log
    assert "a secret: ***" in log
    assert "hush-hush" not in log and SECRET not in log
    assert all(f"Credential={KEY}/" in each for each in s3.authorizations)
    assert os.environ["AWS_ACCESS_KEY_ID"] == "USERS-KEY"

    # What Airflow's own handlers have written is still read, beside ours and alone.
    stock = key[: key.index(".chunks/")]
    s3.put(stock, b"by Airflow's own\n")
    log = webserver.read("isolated")
    assert log.index("by Airflow's own") < log.index("a secret")
    s3.delete(key)
    assert webserver.read("isolated").splitlines()[1] == "by Airflow's own"


_CLOCK_AHEAD = """
import time
from datetime import timedelta

from airflow.utils import timezone

def ahead(real, more):
    return lambda: real() + more

time.time, time.time_ns = ahead(time.time, 300), ahead(time.time_ns, 300 * 10**9)
timezone.utcnow = ahead(timezone.utcnow, timedelta(seconds=300))
"""


def test_the_runs_of_a_try_are_in_order_whatever_their_machines_clocks_say(
    machine: Callable[..., Machine], s3: S3, tmp_path: Path
) -> None:
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock/airflow_local_settings.py").write_text(_CLOCK_AHEAD)
    paths = os.pathsep.join([str(tmp_path / "clock"), *filter(None, sys.path)])
    records = tmp_path / "records"
    options = {"AIRFLOW__ASTRONOMER__TASK_LOG_JSON": str(records)}
    ahead, other = machine("ahead", PYTHONPATH=paths, **options), machine("other", **options)
    put_off = ahead.start_task(
        """
def work():
    from airflow.exceptions import AirflowRescheduleException
    from airflow.utils import timezone
    print("it is put off")
    raise AirflowRescheduleException(timezone.utcnow())
""",
        "rescheduled",
    )
    assert put_off.wait(120) == 0
    dag = (ahead.home / "dags/dag.py").read_text().replace("raise", "print('done');")
    (other.home / "dags/dag.py").write_text(dag)
    assert other.start_again("rescheduled").wait(120) == 0
    eventually(lambda: len(s3.complete()) == 2)

    found = re.findall("INFO - (it is put off|done)", other.read("rescheduled"))
    assert found == ["it is put off", "it is put off", "done"]
    # A sidecar's order, from a file that both have written.
    [file] = records.iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {each["message"] for each in lines} > {"it is put off", "done"}
    assert sorted(lines, key=lambda each: int(each["offset"])) == lines


def test_a_shipper_that_is_killed_is_started_again_while_its_task_runs(
    machine: Callable[..., Machine], s3: S3
) -> None:
    worker = machine("worker")
    task = worker.start_task(_COUNT, "orphaned")
    eventually(s3.keys)
    [shipper] = worker.shippers()
    os.kill(shipper, signal.SIGKILL)
    eventually(lambda: [pid for pid in worker.shippers() if pid != shipper])
    before = len(s3.keys())
    eventually(lambda: len(s3.keys()) > before)
    worker.kill(task)


def test_a_task_whose_lines_cannot_be_printed_goes_on(
    machine: Callable[..., Machine], s3: S3, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    worker = machine("worker", AIRFLOW__ASTRONOMER__TASK_LOG_JSON=str(records))
    task = worker.start_task(
        """
def work():
    import logging

    class Broken:
        def __str__(self):
            raise ValueError("no text")
        __repr__ = __str__

    class Deep:
        def __str__(self):
            return str(self)

    log = logging.getLogger("airflow.task")
    log.info("%d rows", "many")
    log.info(Broken())
    log.info("%s", Broken())
    log.info("%s", Deep())
    print("it goes on")
""",
        # The longest that a folder of Airflow's may have is shorter than the ids together.
        "r" * 240,
    )
    assert task.wait(120) == 0
    eventually(s3.complete)
    log = worker.read("r" * 240)
    assert "INFO - it goes on" in log
    assert log.count("--- Logging error ---") == 6
    [file] = records.iterdir()
    assert '"it goes on"' in file.read_text()


def test_the_end_of_a_running_task_s_log_is_its_worker_s(
    machine: Callable[..., Machine], s3: S3
) -> None:
    worker = machine("worker", AIRFLOW__ASTRONOMER__TASK_LOG_INTERVAL="600")
    task = worker.start_task(_COUNT, "running")
    eventually(s3.keys)
    eventually(lambda: len(numbers(worker.printed())) > 50)
    found = numbers(worker.read("running"))
    assert found == list(range(len(found)))
    assert len(found) > 50
    worker.kill(task)


def test_without_a_store_the_worker_s_log_is_read(machine: Callable[..., Machine], s3: S3) -> None:
    worker = machine("worker")
    s3.stop()
    task = worker.start_task("def work():\n    print('here')\n", "alone")
    assert task.wait(120) == 0
    log = worker.read("alone")
    s3.start()
    assert log.startswith("*** Unable to read remote log from s3://logs/base/")
    assert "INFO - here" in log
