"""Lets any user run Airflow, also one that the image's accounts do not have."""

from __future__ import annotations

import os
import pwd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

USER = "astro"
USER_HOME = "/home/astro"
DEFAULT_AIRFLOW_HOME = "/usr/local/airflow"

UMASK = 0o002
"""What is made stays writable for group 0, which every arbitrary user shares."""


def adopt(environ: MutableMapping[str, str], uid: int) -> None:
    """Give a user without an account a name and a home folder, by the environment.

    `getpass.getuser` then works, which Airflow calls for every task, and so does `~`. A home that
    the environment names is kept if it can be written; the engine's own choice for an unknown
    user, `/`, cannot.
    """
    if _has_account(uid):
        return
    name = environ.get("LOGNAME") or environ.get("USER") or USER
    environ["LOGNAME"] = environ["USER"] = name
    given = [environ["HOME"]] if environ.get("HOME") else []
    candidates = [*given, USER_HOME, airflow_home(environ), "/tmp"]
    environ["HOME"] = next(filter(can_write, candidates), airflow_home(environ))


def home_advice(environ: Mapping[str, str], uid: int, groups: set[int]) -> str | None:
    """What to change so that Airflow can write its home folder, or None when it can."""
    home = airflow_home(environ)
    if can_write(home):
        return None
    existing = _nearest_existing(home)
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        return f"{home} is on a read-only filesystem; mount a tmpfs or a volume on it for Airflow."
    if 0 not in groups:
        return f"user {uid} cannot write {home} without group 0; run with `--user {uid}:0`."
    return f"user {uid} cannot write {home}; mount a volume on it that this user can write."


def airflow_home(environ: Mapping[str, str]) -> str:
    """The folder where Airflow keeps its own files."""
    return environ.get("AIRFLOW_HOME") or DEFAULT_AIRFLOW_HOME


def can_write(folder: str) -> bool:
    """Whether this process can make files in the folder, or make the folder."""
    existing = _nearest_existing(folder)
    return os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)


def _nearest_existing(path: str) -> str:
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
