"""Health of the Kerberos ticket renewer: it has renewed the ticket when it was due."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Mapping, Optional

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.component import children
from astronomer.runtime.health.process import check_process
from astronomer.runtime.health.result import Health

_NAME = "kerberos"

_ALLOWANCE = 60.0
"""Seconds that a renewal itself may take."""


def check_kerberos(environ: Mapping[str, str], pid: Optional[int]) -> Health:
    """Look at the renewer's process and at the file that it keeps the ticket in.

    Args:
        environ: Its variables.
        pid: Its process; None where this container runs another component.
    """
    process = check_process(_NAME, pid)
    if not process.healthy or pid is None:
        return process
    sources = Sources(environ)
    path = Path(sources.value("kerberos", "ccache"))
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return _late(pid, f"there is no ticket in {path} yet")
    allowed = _number(sources.value("kerberos", "reinit_frequency"), 3600) + _ALLOWANCE
    text = f"the ticket in {path} was renewed {age:.0f} s ago, {allowed:.0f} s are allowed"
    return _late(pid, text) if age > allowed else Health(_NAME, True, text)


def _late(pid: int, text: str) -> Health:
    # It waits for `kinit`, which waits for Kerberos: a restart would do the same.
    waits = bool(children(pid))
    reason = f"{text}, and kinit has not come back" if waits else text
    return Health(_NAME, False, reason, outside=waits)


def _number(value: str, default: float) -> float:
    try:
        return float(value)
    except ValueError:
        return default
