"""Gives a component its defaults, unless the operator has chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, List, MutableMapping, NamedTuple, Optional

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.concurrency.advice import Scheduling, advise
from astronomer.runtime.concurrency.resources import Resources
from astronomer.runtime.executors import TaskPlaces, task_places
from astronomer.runtime.options import variable

CHOSEN = "ASTRONOMER_RUNTIME_CHOSEN_DEFAULTS"
"""Variable of a component's process that names, joined by commas, the variables set by us."""


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
    found = []
    for advice in advise(component, resources, _scheduling(component, sources)):
        name = (advice.section, advice.option)
        section, option = sources.names(*name)[0]
        if not sources.has(section, option):
            # One of another release's.
            continue
        setting = sources.setting(*name)
        stock = sources.default(*name)
        key = variable(option, section)
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
    environ.update({default.variable: default.value for default in chosen})
    if chosen:
        environ[CHOSEN] = ",".join(sorted({default.variable for default in chosen}))
    return chosen


def without_ours(environ: MutableMapping[str, str]) -> None:
    """Take away from a component's environment what `apply` gave it."""
    for name in filter(None, environ.pop(CHOSEN, "").split(",")):
        environ.pop(name, None)


def _scheduling(component: str, sources: Sources) -> Scheduling:
    # `standalone` chooses between the executors of one machine by itself.
    tasks = TaskPlaces(True, True) if component == "standalone" else task_places(sources)
    return Scheduling(tasks, parses_apart=sources.has("dag_processor", "parsing_processes"))
