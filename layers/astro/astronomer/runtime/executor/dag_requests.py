"""Lets authors of DAGs write `resources={"cpu": ..., "memory": ..., "slots": ...}`.

Airflow 2.2 and 2.3 make an object of the class `Resources` of an operator's `resources` before any
hook of theirs runs, and that class takes other names. So another class stands under its name, which
takes these as well, and Airflow's own hook for each task of a DAG, the task policy, puts what it
holds into the task's `executor_config`, by which it reaches the executor. A project's own policy
runs first.
"""

from __future__ import annotations

from typing import Any, Mapping

from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.executor.quantities import InvalidQuantity
from astronomer.runtime.executor.requests import KEY, NAMES, checked

_MARK = "astronomer_checks_requests"


def install() -> None:
    """Do so in this process, before it imports Airflow's models; done again, it changes nothing."""
    if airflow_version() >= (2, 4, 0):
        return
    from airflow import settings
    from airflow.utils import operator_resources

    stock = operator_resources.Resources
    if not issubclass(stock, _Requesting):
        operator_resources.Resources = type("Resources", (_Requesting, stock), {})
    policy = settings.task_policy
    if not hasattr(policy, _MARK):

        def task_policy(task: Any) -> None:
            policy(task)
            take_request(task)

        setattr(task_policy, _MARK, True)
        settings.task_policy = task_policy


class _Requesting:
    """What Airflow's `Resources` takes beside its own arguments."""

    def __init__(self, **given: Any) -> None:
        self.request = {name: given.pop(name) for name in NAMES if name in given}
        """As it was written."""

        self.has_airflow_s = bool(given)
        """Whether there is something in Airflow's own names."""

        super().__init__(**given)


def take_request(task: Any) -> None:
    """Check what an operator, or a mapped one, asks for, and put it where the executor finds it.

    Raises:
        AirflowClusterPolicyViolation: It is wrong; Airflow shows the sentence as the DAG's error.
    """
    from airflow.exceptions import AirflowClusterPolicyViolation

    found = getattr(task, "resources", None)
    resources = found if isinstance(found, _Requesting) else None
    written = resources.request if resources else {}
    config = task.executor_config
    try:
        own = config.get(KEY) if isinstance(config, Mapping) else None
        checked(written)
        if own is not None:
            checked(own)
        if written and config and not isinstance(config, Mapping):
            raise InvalidQuantity(
                "`executor_config` is no dict, so there is no place for `resources`; make it one"
            )
    except InvalidQuantity as error:
        raise AirflowClusterPolicyViolation(f"task {task.task_id} of {task.dag_id}: {error}.")
    if resources is None or not written:
        return
    _set(task, "executor_config", {**(config or {}), KEY: {**written, **(own or {})}})
    # Airflow before 2.3 cannot store such an object with a DAG, nor 2.3 with a mapped task.
    if not resources.has_airflow_s:
        _set(task, "resources", None)


def _set(task: Any, name: str, value: Any) -> None:
    if hasattr(task, "partial_kwargs"):
        task.partial_kwargs[name] = value
    else:
        setattr(task, name, value)
