"""Gives a component the concurrency that its container calls for, and says so."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from astronomer.runtime.concurrency.defaults import apply
from astronomer.runtime.concurrency.resources import measure
from astronomer.runtime.messages import say


def choose_defaults(components: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Set the variables that nobody has set; without knowledge of the limits, none."""
    try:
        chosen = apply(environ, components, measure())
    except Exception as error:
        # Whatever is odd about this machine, Airflow starts, as it would without us.
        say(f"the container's limits are unknown ({error!r}); Airflow's own defaults are kept.")
        return
    if chosen:
        values = ", ".join(f"{each.variable}={each.value}" for each in chosen)
        say(f"chosen for this container: {values}; `astronomer-runtime config` says why.")
