"""A task's log in a process of its own, with Airflow configured as in the image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
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
            "TMPDIR": str(home),
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


_RECORDS = """
import logging
import os
import sys
from datetime import datetime, timezone
from types import SimpleNamespace

from astronomer.runtime.logging.json_handler import TaskJsonHandler

logger = logging.getLogger("task")
handler = TaskJsonHandler(os.environ["TARGET"])
logger.addHandler(handler)


def begin(**more):
    handler.set_context(
        SimpleNamespace(
            **{
                "dag_id": "dag", "task_id": "task", "run_id": "run", "try_number": 1,
                "execution_date": datetime(2022, 7, 1, tzinfo=timezone.utc), **more,
            }
        )
    )


class Broken:
    def __str__(self):
        raise self.kind("broken")
    __repr__ = __str__

    def __init__(self, kind):
        self.kind = kind


class Deep:
    def __str__(self):
        return str(self)
"""


def run_records(
    code: str, home: Path, target: str = "", **more: Any
) -> "subprocess.CompletedProcess[str]":
    """A process that logs to our handler alone, without Airflow, into a folder if not told else."""
    streams: Dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run(
        [sys.executable, "-c", _RECORDS + code],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TARGET": target or str(home / "spool"),
            "TMPDIR": str(home),
        },
        encoding="utf-8",
        timeout=60,
        **streams,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "logger.error('%d rows', 'many')",
        "logger.error('%s %s', 'one')",
        "logger.error(Broken(ValueError))",
        "logger.error('%s', Broken(OSError))",
        "logger.error(Deep())",
        "logger.error('%s', Deep())",
        "logger.handle(logging.makeLogRecord({'levelno': 40, 'created': None}))",
    ],
)
def test_a_record_that_cannot_be_printed_is_said_on_standard_error(
    statement: str, tmp_path: Path
) -> None:
    code = f"begin()\n{statement}\nlogger.error('after')\n"
    finished = run_records(code, tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "Logging error" in finished.stderr or "left out" in finished.stderr
    [file] = (tmp_path / "spool").iterdir()
    assert [each["message"] for each in records(file.read_text())] == ["after"]


def test_whatever_else_a_record_holds_is_kept(tmp_path: Path) -> None:
    code = """
begin()
logger.error("caf\\u00e9 \\udcff", extra={"more": lambda: None})
try:
    raise RuntimeError(Broken(ValueError))
except RuntimeError:
    logger.exception(b"\\xff")
logger.error("x" * 5_000_000)
"""
    finished = run_records(code, tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    [file] = (tmp_path / "spool").iterdir()
    first, second, third = (each["message"] for each in records(file.read_text()))
    assert first == "caf\u00e9 \udcff"
    assert second.startswith("b'\\xff'\n") and "unprintable" in second
    assert len(third) == 5_000_000


@pytest.mark.parametrize(
    "ids",
    [
        {"dag_id": "d" * 142, "task_id": "t" * 142},
        {"dag_id": "d" * 250, "task_id": "t" * 250, "run_id": "r" * 250},
        {"dag_id": "\u00e9" * 250, "run_id": "../../a b%\x00\udcff~" * 20},
    ],
)
def test_ids_of_any_length_have_a_file_for_each_try(ids: Dict[str, str], tmp_path: Path) -> None:
    code = (
        f"ids = {ids!r}\n"
        + """
for number in (1, 2):
    begin(**ids, try_number=number)
    logger.error("try %d", number)
begin(**{**ids, "task_id": ids.get("task_id", "task")[:-1] + "-"})
logger.error("another task")
"""
    )
    finished = run_records(code, tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    files = list((tmp_path / "spool").iterdir())
    assert sorted(each["message"] for file in files for each in records(file.read_text())) == [
        "another task",
        "try 1",
        "try 2",
    ]
    assert len(files) == 3
    assert records(files[0].read_text())[0]["dag_id"] == ids["dag_id"]


def test_ids_that_look_alike_do_not_share_a_file(tmp_path: Path) -> None:
    code = "for run in ('a b', 'a/b', 'a_b', 'a~b'):\n    begin(run_id=run)\n"
    assert run_records(code, tmp_path).stderr == ""
    assert len(list((tmp_path / "spool").iterdir())) == 4


@pytest.mark.parametrize(
    "before",
    ["os.close(1)", "sys.__stdout__.close()", "sys.__stdout__ = None", "os.dup2(closed, 1)"],
)
def test_a_standard_output_that_is_closed_fails_no_task(before: str, tmp_path: Path) -> None:
    code = f"""
reader, closed = os.pipe()
os.close(reader)
{before}
begin()
logger.error("a line")
logger.error("another")
os.write(2, b"the end")
os._exit(0)
"""
    finished = run_records(code, tmp_path, "stdout")
    assert finished.returncode == 0
    assert finished.stderr.count("which cannot be written") == 1
    assert finished.stderr.endswith("the end")


def test_records_of_several_tasks_on_one_standard_output_are_whole(tmp_path: Path) -> None:
    code = """
for _ in range(4):
    if not os.fork():
        begin(task_id=str(os.getpid()))
        for number in range(200):
            logger.error(str(number % 10) * 30_000)
        os._exit(0)
for _ in range(4):
    os.wait()
"""
    finished = run_records(code, tmp_path, "stdout")
    assert finished.stderr == ""
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(found) == 800
    for task in {each["task_id"] for each in found}:
        numbers = [each["message"][0] for each in found if each["task_id"] == task]
        assert numbers == [str(number % 10) for number in range(200)]


@pytest.mark.parametrize("stderr", [subprocess.PIPE, subprocess.STDOUT])
def test_a_task_whose_standard_output_nobody_reads_goes_on(stderr: int, tmp_path: Path) -> None:
    code = """
begin()
for number in range(1000):
    logger.error("x" * 30_000)
os._exit(0)
"""
    reader, writer = os.pipe()
    try:
        began = time.monotonic()
        finished = run_records(code, tmp_path, "stdout", stdout=writer, stderr=stderr)
    finally:
        os.close(writer)
        os.close(reader)
    assert finished.returncode == 0 and time.monotonic() < began + 30
    if stderr == subprocess.PIPE:
        assert finished.stderr.count("nobody has read standard output") == 1


def test_a_full_disk_leaves_whole_records(tmp_path: Path) -> None:
    code = """
import resource

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
begin()
for number in range(100):
    logger.error("x" * 1000)
"""
    finished = run_records(code, tmp_path)
    assert finished.returncode == 0
    assert finished.stderr.count("which cannot be written") == 1
    [file] = (tmp_path / "spool").iterdir()
    text = file.read_text()
    assert text.endswith("}\n") and len(records(text)) == len(text.splitlines()) > 5


def test_offsets_rise_whatever_becomes_of_the_clock(tmp_path: Path) -> None:
    code = """
import time
from datetime import timedelta

first = begin()
logger.error("0")
ours = time.time_ns
time.time_ns = lambda: ours() - 3600 * 10**9
logger.error("1")
if os.fork():
    os.wait()
else:
    # As the process that is forked for the task.
    begin()
    logger.error("2")
    os._exit(0)
logger.error("3")
# A sensor that was put off by another machine, whose clock is 5 minutes ahead.
begin(try_number=2)
end = datetime.now(timezone.utc) + timedelta(minutes=5)
begin(end_date=end)
assert handler._offset > 0
logger.error("4")
print(int(end.timestamp() * 1e9))
"""
    finished = run_records(code, tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    file = tmp_path / "spool" / "dag~run~task~-1~1.log"
    found = records(file.read_text())
    assert [each["message"] for each in found] == list("01234")
    offsets = [each["offset"] for each in found]
    assert offsets == sorted(set(offsets))
    assert offsets[-1] > int(finished.stdout)
