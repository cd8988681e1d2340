from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, Iterator

import pytest
from astronomer.runtime.health.kerberos import check_kerberos
from astronomer.runtime.health.result import Health

KINIT = """#!/bin/sh
# Gets a ticket once, and then waits for Kerberos.
[ -e {ticket} ] && exec sleep 300
: > {ticket}
"""


@pytest.fixture
def environ(airflow_database: Path, tmp_path: Path) -> Dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "AIRFLOW_HOME": str(airflow_database.parent),
        "AIRFLOW__KERBEROS__CCACHE": str(tmp_path / "ticket"),
        "AIRFLOW__KERBEROS__KINIT_PATH": str(tmp_path / "kinit"),
        "AIRFLOW__KERBEROS__REINIT_FREQUENCY": "2",
    }


@pytest.fixture
def renewer(tmp_path: Path, environ: Dict[str, str]) -> Iterator[int]:
    """Airflow's own renewer."""
    kinit = tmp_path / "kinit"
    kinit.write_text(KINIT.format(ticket=tmp_path / "ticket"))
    kinit.chmod(0o755)
    argv = [sys.executable, "-m", "airflow", "kerberos", "--keytab", "none", "somebody"]
    process = subprocess.Popen(argv, env=environ, start_new_session=True)
    yield process.pid
    # With the kinit that it waits for.
    os.killpg(process.pid, 9)
    process.wait()


def eventually(check: Callable[[], Health], word: str) -> Health:
    end = time.monotonic() + 60
    while True:
        health = check()
        if word in health.reason or time.monotonic() > end:
            assert word in health.reason
            return health
        time.sleep(0.1)


def test_a_renewer_that_renews_is_healthy_and_one_that_waits_need_not_be_restarted(
    tmp_path: Path, environ: Dict[str, str], renewer: int
) -> None:
    assert not check_kerberos(environ, renewer).healthy
    health = eventually(lambda: check_kerberos(environ, renewer), "was renewed")
    assert health.healthy
    os.utime(tmp_path / "ticket", (0, 0))
    health = eventually(lambda: check_kerberos(environ, renewer), "kinit has not come back")
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)


def test_a_renewer_that_no_longer_renews_is_ill(tmp_path: Path, environ: Dict[str, str]) -> None:
    ticket = tmp_path / "ticket"
    ticket.write_text("")
    with subprocess.Popen(["sleep", "300"]) as idle:
        assert check_kerberos(environ, idle.pid).healthy
        os.utime(ticket, (0, 0))
        assert not check_kerberos(environ, idle.pid).passes(live=True)
        ticket.unlink()
        assert "there is no ticket" in check_kerberos(environ, idle.pid).reason
        idle.kill()
    assert not check_kerberos(environ, idle.pid).passes(live=True)
    assert not check_kerberos(environ, None).healthy
