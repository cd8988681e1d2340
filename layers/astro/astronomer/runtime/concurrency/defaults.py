"""Gives a component its defaults, unless the operator has chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, List, MutableMapping, NamedTuple, Optional

from astronomer.runtime.airflow_options import NAMES_BY_RELEASE, Sources, names
from astronomer.runtime.concurrency.advice import advise
from astronomer.runtime.concurrency.resources import Resources
from astronomer.runtime.options import variable

CHOSEN = "ASTRONOMER_RUNTIME_CHOSEN_DEFAULTS"
"""Variable of a component's process that names, joined by commas, the variables set by us."""


_EXECUTORS_OF_ONE_CONTAINER = {
    "DebugExecutor",
    "LocalExecutor",
    "LocalKubernetesExecutor",
    "SequentialExecutor",
}


class Default(NamedTuple):
    """One option of a component, and how it came to its value."""

    variable: str
    value: str
    source: str
    """`container` for ours, else the variable or the file that says otherwise."""

    why: str
    stock: str
    """What Airflow would do without us."""

    @property
    def ours(self) -> bool:
        return self.source == "container"


def defaults(component: str, resources: Resources, sources: Sources) -> List[Default]:
    """All options that we have an opinion on for a component; arguments as for `advise`."""
    tasks_here = _runs_tasks_beside_scheduler(component, sources)
    found = []
    for advice in advise(component, resources, tasks_here):
        name = (advice.section, advice.option)
        setting = sources.setting(*name)
        stock = sources.default(*name)
        key = variable(advice.option, advice.section)
        if setting:
            why = f"set by the operator; the container would get {advice.value}"
            found.append(Default(key, setting.value, setting.source, why, stock))
        else:
            found.append(Default(key, str(advice.value), "container", advice.why, stock))
    return found


def apply(
    environ: MutableMapping[str, str],
    components: Iterable[str],
    resources: Resources,
    installed: Optional[Path] = None,
) -> List[Default]:
    """Set the variables of what nobody chose; returns those that were set."""
    sources = Sources(environ, installed)
    chosen: List[Default] = []
    for component in components:
        chosen += [each for each in defaults(component, resources, sources) if each.ours]
    for default in chosen:
        for key in _variables(default.variable):
            environ[key] = default.value
    if chosen:
        environ[CHOSEN] = ",".join(sorted({default.variable for default in chosen}))
    return chosen


def without_ours(environ: MutableMapping[str, str]) -> None:
    """Take away from a component's environment what `apply` gave it."""
    for name in filter(None, environ.pop(CHOSEN, "").split(",")):
        for key in _variables(name):
            environ.pop(key, None)


def _runs_tasks_beside_scheduler(component: str, sources: Sources) -> bool:
    """Whether tasks run in this container, and not in workers or in pods."""
    found = sources.setting("core", "executor")
    executor = found.value if found else sources.default("core", "executor")
    # `standalone` chooses between the executors of one machine by itself.
    return component == "standalone" or executor in _EXECUTORS_OF_ONE_CONTAINER


def _variables(name: str) -> List[str]:
    _, section, option = name.lower().split("__", 2)
    if option not in NAMES_BY_RELEASE:
        return [name]
    return [variable(each, place) for place, each in names(section, option)]
