from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.connection import answers
from tests.engine.errors import NoEngine
from tests.engine.mounts import mounted_below
from tests.engine.private import PREFIX, private_engine, remove_abandoned
from tests.engine.session import engine_session
from tests.engine.tiny_image import GREETING, write_tiny_layout
from tests.engine.waiting import wait_for


@pytest.fixture(autouse=True)
def _this_machine_can_run_one(engine_at: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can start a private engine.")


def folder_of(address: str) -> Path:
    return Path(address.replace("unix://", "")).parent


def test_a_private_engine_runs_images_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "tiny")

    with private_engine() as address:
        folder = folder_of(address)
        with engine_session(address) as engine:
            assert engine.run(engine.load(tmp_path / "tiny")).stdout == GREETING

    assert not answers(address)
    assert not folder.exists()
    assert mounted_below(folder) == []


def test_two_private_engines_do_not_meet(tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "tiny")

    with private_engine() as one, private_engine() as two:
        with engine_session(one) as first, engine_session(two) as second:
            container = first.start(first.load(tmp_path / "tiny"))

            assert first.exists(container.id)
            assert not second.exists(container.id)


def test_what_a_killed_run_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from tests.engine.private import private_engine\n"
        "with private_engine() as address:\n"
        "    print(address, flush=True)\n"
        "    time.sleep(600)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout is not None
    address = run.stdout.readline().strip()
    folder = folder_of(address)
    assert folder.name.startswith(PREFIX)

    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()

    # The kernel tells the engine of its parent's end.
    wait_for("the engine to stop", lambda: not answers(address), 30)
    remove_abandoned(folder.parent)
    assert not folder.exists()


def test_without_dockerd_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engine.private._SEARCH_PATH", "/nonexistent")

    with pytest.raises(NoEngine, match="set DOCKER_HOST, or install Debian's package docker.io"):
        with private_engine():
            pass
