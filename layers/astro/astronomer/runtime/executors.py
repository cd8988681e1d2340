"""Where the tasks of the configured executors run."""

from __future__ import annotations

from typing import Iterator, NamedTuple

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.options import is_true

# In the scheduler's own container, all of them or some. A class of the operator's own, like those
# that send tasks elsewhere, is in neither. Source: `ExecutorLoader` in
# airflow/executors/executor_loader.py.
_HERE = {"DebugExecutor", "LocalExecutor", "SequentialExecutor"}
_HERE_AND_IN_PODS = "LocalKubernetesExecutor"

RUNTIME_EXECUTOR = "astronomer.runtime.executor.airflow_executor.RuntimeExecutor"
"""The class of ours that the option names, whose tasks run on runners."""

_PACKAGES_OF_AIRFLOW = ("airflow.executors.", "airflow.providers.")


class TaskPlaces(NamedTuple):
    """Whether a scheduler's container runs tasks."""

    any_here: bool
    all_here: bool


def task_places(sources: Sources) -> TaskPlaces:
    """What the option `[core] executor` means for the scheduler's container."""
    teams = is_true(sources.value("core", "multi_team"))
    names = list(executor_names(sources.value("core", "executor"), teams))
    return TaskPlaces(
        any_here=any(name in _HERE or name == _HERE_AND_IN_PODS for name in names),
        all_here=bool(names) and all(name in _HERE for name in names),
    )


def is_runtime_executor(sources: Sources) -> bool:
    """Whether the option `[core] executor` names the Runtime executor."""
    return list(executor_names(sources.value("core", "executor"), False)) == [RUNTIME_EXECUTOR]


def executor_names(option: str, teams: bool) -> Iterator[str]:
    """The executors that the option names, Airflow's own by their short names.

    Airflow 2 takes one, by its name or by the path of its class. Airflow 3 takes several, with
    aliases, and more for each team: `LocalExecutor,mine:include.Executor;team=CeleryExecutor`.

    Args:
        option: What the option says.
        teams: Whether the executors of teams count.
    """
    for part in option.split(";"):
        team, _, words = part.rpartition("=")
        if team and not teams:
            continue
        for word in words.split(","):
            path = word.rpartition(":")[2].strip()
            if path:
                own = path.startswith(_PACKAGES_OF_AIRFLOW)
                yield path.rpartition(".")[2] if own else path
