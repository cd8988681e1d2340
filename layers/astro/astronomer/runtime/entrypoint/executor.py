"""Which class of executor a scheduler starts."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from importlib.util import find_spec

from astronomer.runtime.entrypoint.settings import EXECUTOR

_CELERY = "CeleryExecutor"
_OURS = "astronomer.runtime.high_availability.executor.CeleryExecutor"


def look_after_messages(components: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Let a scheduler with Airflow's Celery executor start the one that looks after its messages.

    The operator's own class, and all other components, stay as they are.
    """
    if "scheduler" not in components or environ.get(EXECUTOR) != _CELERY:
        return
    # Ours is for the executor of Airflow 2, and the image of a later line does not hold it.
    if find_spec("astronomer.runtime.high_availability"):
        environ[EXECUTOR] = _OURS
