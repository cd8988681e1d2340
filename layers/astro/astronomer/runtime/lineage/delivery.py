"""Takes an event off the task's hands."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from astronomer.runtime import lone_process
from astronomer.runtime.lineage import sender
from astronomer.runtime.lineage.spool import Spool

FOLDER = "ASTRONOMER_RUNTIME_LINEAGE_SPOOL"
"""Variable that names the folder of waiting events; by default one in the container's `/tmp`."""

log = logging.getLogger(__name__)


def is_wanted() -> bool:
    """Whether lineage has somewhere to go."""
    disabled = os.environ.get("OPENLINEAGE_DISABLED", "").lower() == "true"
    return bool(os.environ.get("OPENLINEAGE_URL", "").strip()) and not disabled


def spool_folder() -> Path:
    """Where events wait in this container."""
    default = Path(tempfile.gettempdir(), f"astronomer-lineage-{os.getuid()}")
    return Path(os.environ.get(FOLDER) or default)


def deliver(event: str) -> None:
    """Have an event sent; returns at once, and never raises.

    Args:
        event: The event as JSON.
    """
    if not is_wanted():
        return
    folder = spool_folder()
    spool = Spool(folder)
    try:
        if not spool.put(event.encode()):
            log.warning("Too many lineage events wait in %s; this one is lost.", folder)
    except OSError as error:
        # A task must not fail for want of a place to tell of it.
        log.warning("A lineage event is lost: %s.", error)
        return
    problem = spool.problem()
    if problem:
        log.warning("Lineage events wait in %s: %s.", folder, problem)
    try:
        lone_process.ensure(sender.MODULE, folder, log=spool.log)
    except OSError as error:
        log.warning("Lineage events wait in %s, and nothing sends them: %s.", folder, error)
