"""One command starts a release and ends; an edit is seen; nothing stays that cannot be removed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest
import requests

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.local.development import Development, copy_of_sources, ids, kill, left, log_in
from versions.macros import TESTED_RELEASE

_START_SECONDS = 300
_EDIT_SECONDS = 180

_DAG = """
from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("mine", start_date=datetime(2022, 7, 1), schedule_interval=None) as dag:
    BashOperator(task_id="greet", bash_command="echo hello")
"""

Images = List[Tuple[Path, str]]


@pytest.fixture
def images(engine: Engine, dist: Path, runtime_image: str, postgres_image: str) -> Images:
    """Layouts, under the names that the engine has them by already."""
    folder = (dist / "images").resolve()
    return [(folder / TESTED_RELEASE, runtime_image), (folder / "postgres", postgres_image)]


def shows(session: requests.Session, url: str, text: str) -> bool:
    """Whether a page holds a text; not while nobody serves it."""
    try:
        return text in session.get(url, timeout=60).text
    except requests.exceptions.ConnectionError:
        return False


@pytest.fixture
def nothing_stays(engine_at: str) -> Iterator[Callable[[], bool]]:
    """Tells whether nothing is left of what the test started, and sees to that."""
    before = left(engine_at)
    yield lambda: left(engine_at) == before
    assert left(engine_at) == before


def test_a_release_starts_by_one_command_and_goes_on_when_that_has_ended(
    engine_at: str, images: Images, tmp_path: Path, nothing_stays: Callable[[], bool]
) -> None:
    sources = copy_of_sources(tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "mine.py").write_text(_DAG)
    dags = ("--dags", str(tmp_path / "dags"))
    run = Development(engine_at, images, sources)
    try:
        started = run.call(*dags, seconds=_START_SECONDS)
        address, user, password = started.introduced()
        assert len(started.output.splitlines()) <= 17, started.output
        assert address.startswith("http://127.0.0.1:")
        # Pants waits for nothing.
        assert run.processes() == []

        health = requests.get(f"{address}/health", timeout=60).json()
        assert [health[part]["status"] for part in ("metadatabase", "scheduler")] == ["healthy"] * 2
        session = log_in(address, user, password)
        assert (
            f"Astronomer Runtime {TESTED_RELEASE}"
            in session.get(f"{address}/home", timeout=60).text
        )
        wait_for(
            "the DAG",
            lambda: shows(session, f"{address}/home", "/dags/mine/"),
            _EDIT_SECONDS,
            lambda: run.call("logs").output[-6000:],
        )

        guessed = log_in(address, user, "admin").get(f"{address}/home", timeout=60)
        assert "Sign In" in guessed.text
        api = f"{address}/api/v1/dags/mine"
        assert requests.get(api, auth=(user, password), timeout=60).json()["dag_id"] == "mine"
        assert requests.get(api, auth=(user, "admin"), timeout=60).status_code == 401

        port = address.rpartition(":")[2]
        taken = Development(engine_at, images, sources, "y").call("--port", port)
        assert taken.process.returncode == 1
        assert f"Port {port} of 127.0.0.1 cannot be had" in taken.output

        containers = ids(engine_at)
        again = run.call(*dags)
        assert again.introduced() == started.introduced()
        assert again.output.startswith("It runs already, with what was built.\n")
        assert ids(engine_at) == containers

        edit(sources / "astronomer" / "runtime" / "ui" / "versions.py", "Astronomer Runtime")
        # A file of its own, which editors replace.
        edit(sources / "files" / "entrypoint", "sys.exit(main())", 'print("Edited", flush=True)\n')
        wait_for(
            "the edit",
            lambda: shows(session, f"{address}/home", f"Edited Runtime {TESTED_RELEASE}"),
            _EDIT_SECONDS,
            lambda: run.call("logs").output[-6000:],
        )
        wait_for(
            "the containers to say so",
            lambda: "ready again after" in run.call("status").output,
            _EDIT_SECONDS,
            lambda: run.call("status").output,
        )
        logs = run.call("logs").output.splitlines()
        assert "webserver | Edited" in logs
        # Of all containers, by time.
        assert {"postgres", "scheduler", "triggerer"} <= {line.split(" ")[0] for line in logs}

        follower = run.begin("logs", "--follow")
        wait_for("the logs", lambda: "ready again" in follower.output, 60, lambda: follower.output)
        follower.process.send_signal(signal.SIGINT)
        assert follower.end(30) == 0
        assert "Traceback" not in follower.output

        for part in ("address", "postgres"):
            kill(engine_at, part)
        status = run.call("status", seconds=120)
        assert status.process.returncode == 1
        assert "address   | ended with exit code 137" in status.output
        assert status.output.splitlines()[-1] == (
            "A part of it ended: start it anew by `./pants run x:dev`."
        )
        replaced = run.call(*dags, seconds=_START_SECONDS)
        replaced.introduced()
        assert "Removing the run before it: postgres, address ended." in replaced.output
        assert not set(ids(engine_at)) & set(containers)
    finally:
        stopped = run.call("stop")
    assert stopped.output == "It is removed.\n"
    assert nothing_stays()


def edit(path: Path, text: str, before: str = "") -> None:
    """Edit a file as editors do, which put another one in its place."""
    changed = path.read_text().replace(text, before + text.replace("Astronomer", "Edited"))
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(changed)
    draft.chmod(path.stat().st_mode)
    draft.replace(path)


def test_a_part_that_does_not_start_is_named_and_nothing_is_left(
    engine_at: str, images: Images, tmp_path: Path, nothing_stays: Callable[[], bool]
) -> None:
    sources = copy_of_sources(tmp_path)
    (sources / "astronomer" / "runtime" / "entrypoint" / "main.py").write_text("print(1/0)\n")
    run = Development(engine_at, images, sources).call(seconds=_START_SECONDS)

    assert run.process.returncode == 1
    *_, last = run.output.splitlines()
    assert last.startswith("The database could not be made ready: that ended with exit code 1")
    # What it said, and nothing of the program that started it.
    assert "set-up    | ZeroDivisionError" in run.output
    assert nothing_stays()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_start_that_is_ended_leaves_nothing(
    engine_at: str,
    images: Images,
    tmp_path: Path,
    number: int,
    nothing_stays: Callable[[], bool],
) -> None:
    run = Development(engine_at, images, copy_of_sources(tmp_path)).begin()
    wait_for("a container", lambda: not nothing_stays(), 60, lambda: run.output)

    run.process.send_signal(number)

    assert run.end(60) == (130 if number == signal.SIGTERM else -number)
    # A killed one has a guard, which needs a moment.
    wait_for("all to be removed", nothing_stays, 60, lambda: run.output)


def test_what_a_start_leaves_that_is_killed_with_its_guard_is_removed_by_stop(
    engine_at: str, images: Images, tmp_path: Path, nothing_stays: Callable[[], bool]
) -> None:
    run = Development(engine_at, images, copy_of_sources(tmp_path))
    start = run.begin()
    wait_for("a container", lambda: not nothing_stays(), 60, lambda: start.output)
    for each in run.processes():
        os.kill(each, signal.SIGKILL)
    start.end(60)
    assert not nothing_stays()

    status = run.call("status")
    assert status.process.returncode == 1
    assert "webserver | is not there" in status.output
    assert run.call("stop").output == "It is removed.\n"
    assert nothing_stays()
    assert run.call("stop").output == "It does not run.\n"
    for action in ("status", "logs"):
        absent = run.call(action)
        assert absent.process.returncode == 1
        assert absent.output == "It does not run: start it by `./pants run x:dev`.\n"


def test_a_folder_that_is_not_there_is_named_before_anything_starts(
    engine_at: str, images: Images, tmp_path: Path
) -> None:
    run = Development(engine_at, images, copy_of_sources(tmp_path)).call("--dags", "no/dags")

    assert run.process.returncode == 1
    assert run.output.startswith("--dags names 'no/dags', which is not in ")
