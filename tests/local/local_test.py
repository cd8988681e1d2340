"""One command starts a release; an edit is seen; nothing stays, however it ends."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import List, Tuple

import pytest
import requests

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.local.development import Development, copy_of_sources, kill, left, log_in
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


def test_a_release_starts_by_one_command_shows_edits_and_leaves_nothing(
    engine_at: str, images: Images, tmp_path: Path
) -> None:
    before = left(engine_at)
    sources = copy_of_sources(tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "mine.py").write_text(_DAG)
    run = Development(engine_at, images, sources, "--dags", str(tmp_path / "dags"))
    try:
        address, user, password = run.wait_until_ready(_START_SECONDS).groups()
        # Hundreds of lines that nobody reads, unless it fails.
        assert [line for line in run.output.splitlines() if line.startswith("set-up")] == [
            "set-up    | making the tables, and the user"
        ]
        health = requests.get(f"{address}/health", timeout=60).json()
        assert [health[part]["status"] for part in ("metadatabase", "scheduler")] == ["healthy"] * 2
        assert address.startswith("http://127.0.0.1:")
        session = log_in(address, user, password)
        assert (
            f"Astronomer Runtime {TESTED_RELEASE}"
            in session.get(f"{address}/home", timeout=60).text
        )
        wait_for(
            "the DAG",
            lambda: shows(session, f"{address}/home", "/dags/mine/"),
            _EDIT_SECONDS,
            lambda: run.output[-6000:],
        )

        guessed = log_in(address, user, "admin").get(f"{address}/home", timeout=60)
        assert "Sign In" in guessed.text
        api = f"{address}/api/v1/dags/mine"
        assert requests.get(api, auth=(user, password), timeout=60).json()["dag_id"] == "mine"
        assert requests.get(api, auth=(user, "admin"), timeout=60).status_code == 401

        taken = Development(engine_at, images, sources, "--port", address.rpartition(":")[2])
        assert taken.process.wait(60) == 1
        assert f"Port {address.rpartition(':')[2]} of 127.0.0.1 cannot be had" in taken.output

        versions = sources / "astronomer" / "runtime" / "ui" / "versions.py"
        versions.write_text(versions.read_text().replace("Astronomer Runtime", "Edited Runtime"))
        wait_for(
            "the edit",
            lambda: shows(session, f"{address}/home", f"Edited Runtime {TESTED_RELEASE}"),
            _EDIT_SECONDS,
            lambda: run.output[-6000:],
        )
    finally:
        code = run.end()
    assert code == 0, run.output
    assert left(engine_at) == before


def test_a_part_that_does_not_start_is_named_and_nothing_is_left(
    engine_at: str, images: Images, tmp_path: Path
) -> None:
    before = left(engine_at)
    sources = copy_of_sources(tmp_path)
    (sources / "astronomer" / "runtime" / "entrypoint" / "main.py").write_text("print(1/0)\n")
    run = Development(engine_at, images, sources)

    assert run.process.wait(_START_SECONDS) == 1
    *_, last = run.output.splitlines()
    assert last.startswith("The database could not be made ready: that ended with exit code 1")
    # What it said, and nothing of the program that started it.
    assert "set-up    | ZeroDivisionError" in run.output
    assert left(engine_at) == before


def test_a_run_whose_database_ends_says_so_and_leaves_nothing(
    engine_at: str, images: Images, tmp_path: Path
) -> None:
    before = left(engine_at)
    run = Development(engine_at, images, copy_of_sources(tmp_path))
    run.wait_until_ready(_START_SECONDS)
    kill(engine_at, "postgres")

    assert run.process.wait(60) == 1
    *_, last = run.output.splitlines()
    assert last.startswith(
        "The postgres ended with exit code 137, and Airflow does not run without"
    )
    assert left(engine_at) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_while_it_starts_leaves_nothing(
    engine_at: str, images: Images, tmp_path: Path, number: int
) -> None:
    before = left(engine_at)
    run = Development(engine_at, images, copy_of_sources(tmp_path))
    wait_for("a container", lambda: left(engine_at) != before, 60, lambda: run.output)

    assert run.end(number) == (0 if number == signal.SIGTERM else -number)

    # A killed one has a guard, which needs a moment.
    wait_for("all to be removed", lambda: left(engine_at) == before, 60, lambda: run.output)


def test_a_folder_that_is_not_there_is_named_before_anything_starts(
    engine_at: str, images: Images, tmp_path: Path
) -> None:
    run = Development(engine_at, images, copy_of_sources(tmp_path), "--dags", "no/dags")

    assert run.process.wait(60) == 1
    assert run.output.startswith("--dags names 'no/dags', which is not in ")
