"""Which Airflow this package runs in, for what differs between its releases."""

from __future__ import annotations

from typing import Tuple


def airflow_version() -> Tuple[int, int, int]:
    """The installed Airflow's version without its local part, for example `(2, 3, 3)`."""
    from importlib.metadata import version

    major, minor, patch = version("apache-airflow").partition("+")[0].split(".")[:3]
    return int(major), int(minor), int("".join(filter(str.isdigit, patch)) or 0)
