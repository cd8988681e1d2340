"""Which Airflow this package runs in, for what differs between its releases."""

from __future__ import annotations

from typing import Tuple

FIRST, LAST = (2, 2, 4), (2, 3, 3)
"""The oldest and the newest Airflow that patches of Airflow's own code are written for."""


class UnsupportedAirflow(RuntimeError):
    """A patch met an Airflow that it was not written for."""


def airflow_version() -> Tuple[int, int, int]:
    """The installed Airflow's version without its local part, for example `(2, 3, 3)`."""
    from importlib.metadata import version

    major, minor, patch = version("apache-airflow").partition("+")[0].split(".")[:3]
    return int(major), int(minor), int("".join(filter(str.isdigit, patch)) or 0)


def check_patched(what: str, first: Tuple[int, ...] = FIRST, last: Tuple[int, ...] = LAST) -> None:
    """Refuse to patch an Airflow that the patch was not written for.

    Args:
        what: The patched function, as an import path.
        first: The oldest Airflow it is for.
        last: The newest one.

    Raises:
        UnsupportedAirflow: The installed Airflow is outside of that range.
    """
    found = airflow_version()
    if not first <= found <= last:
        raise UnsupportedAirflow(
            f"Airflow {_dotted(found)} is installed, but the patch of {what} is for"
            f" {_dotted(first)} to {_dotted(last)}; adapt the patch to it."
        )


def _dotted(numbers: Tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
