"""Which class of executor a scheduler starts."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from importlib.util import find_spec

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.entrypoint.airflow_cli import Words
from astronomer.runtime.entrypoint.settings import EXECUTOR
from astronomer.runtime.executors import executor_names
from astronomer.runtime.messages import say

_OURS = "astronomer.runtime.high_availability.executor.CeleryExecutor"


def set_executor(commands: Sequence[Words], environ: MutableMapping[str, str]) -> None:
    """Set our Celery executor, which finds lost messages, for a scheduler with Airflow's own.

    Another executor, and the other components, keep their setting.

    Args:
        commands: What the container runs of Airflow.
        environ: Its variables.
    """
    names = {words[0] for words in commands}
    # Ours is for the executor of Airflow 2, and the image of a later line does not hold it.
    if "scheduler" not in names or not find_spec("astronomer.runtime.high_availability"):
        return
    option = Sources(environ).value("core", "executor")
    if list(executor_names(option, teams=False)) != ["CeleryExecutor"]:
        return
    if "celery" in names and airflow_version() < (2, 3, 0):
        say(
            "lost messages are not looked after: with another executor this Airflow refuses"
            " `airflow celery`, which this container runs as well; give each a container."
        )
        return
    environ[EXECUTOR] = _OURS
