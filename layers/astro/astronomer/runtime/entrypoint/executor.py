"""Which class of executor a scheduler starts."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from astronomer.runtime.entrypoint.settings import EXECUTOR

_CELERY = "CeleryExecutor"
_OURS = "astronomer.runtime.high_availability.executor.CeleryExecutor"


def look_after_messages(components: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Let a scheduler with Airflow's Celery executor start the one that looks after its messages.

    The operator's own class, and all other components, stay as they are.
    """
    if "scheduler" in components and environ.get(EXECUTOR) == _CELERY:
        environ[EXECUTOR] = _OURS
