from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from astronomer.runtime.entrypoint.identity import adopt, can_write, home_advice

NOBODY_S_UID = 1234567
"""A user id without an account."""


@pytest.fixture
def unwritable(tmp_path: Path) -> str:
    """A folder that nobody can make, not even root: what is above it is a file."""
    (tmp_path / "file").write_text("")
    return str(tmp_path / "file" / "airflow")


def test_a_user_without_an_account_gets_a_name_and_a_home(tmp_path: Path, unwritable: str) -> None:
    environ = {"HOME": unwritable, "AIRFLOW_HOME": str(tmp_path)}

    adopt(environ, NOBODY_S_UID)

    assert environ["USER"] == environ["LOGNAME"] == "astro"
    assert can_write(environ["HOME"])


def test_what_the_environment_names_is_kept(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "USER": "jane"}

    adopt(environ, NOBODY_S_UID)

    assert environ == {"HOME": str(tmp_path), "USER": "jane", "LOGNAME": "jane"}


def test_a_user_with_an_account_is_left_alone() -> None:
    environ: dict[str, str] = {}

    adopt(environ, pwd.getpwall()[0].pw_uid)

    assert environ == {}


def test_a_home_that_can_be_written_needs_no_advice(tmp_path: Path) -> None:
    assert home_advice({"AIRFLOW_HOME": str(tmp_path / "new")}, NOBODY_S_UID, set()) is None


def test_a_user_outside_of_group_0_is_told_of_it(unwritable: str) -> None:
    advice = home_advice({"AIRFLOW_HOME": unwritable}, NOBODY_S_UID, {NOBODY_S_UID})

    assert advice is not None
    assert advice.endswith(f"run with `--user {NOBODY_S_UID}:0`.")


def test_a_user_in_group_0_is_told_to_mount_a_volume(unwritable: str) -> None:
    advice = home_advice({"AIRFLOW_HOME": unwritable}, NOBODY_S_UID, {0})

    assert advice is not None
    assert f"cannot write {unwritable}; mount a volume" in advice


def test_a_read_only_filesystem_is_told_from_missing_rights(
    unwritable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ReadOnly:
        f_flag = os.ST_RDONLY

    # No test may mount one on every machine; `tests/user_test.py` runs a container with one.
    monkeypatch.setattr(os, "statvfs", lambda path: ReadOnly)

    advice = home_advice({"AIRFLOW_HOME": unwritable}, NOBODY_S_UID, {0})

    assert advice == (
        f"{unwritable} is on a read-only filesystem; mount a tmpfs or a volume on it for Airflow."
    )
